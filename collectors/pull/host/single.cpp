// The groups that are one number in one file: uptime and entropy.

#include <optional>
#include <utility>

#include "collectors/pull/host/topic.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace scops::host {
namespace {

class SingleTopic final : public Topic {
 public:
  SingleTopic(std::string_view metric, std::string path) : metric_(metric), path_(std::move(path)) {}

  Status collect(Emit& emit) override {
    if (Status read = read_file_into(path_, text_); !read) return read;
    std::string_view text = trim(text_);
    const std::optional<double> number = to_number(next_word(text));
    if (!number || *number < 0) {
      return Error{ErrorKind::drop, path_ + " not understood: '" + printable(text_) + "'"};
    }
    emit.gauge(metric_, *number);
    return Ok{};
  }

 private:
  std::string_view metric_;
  std::string path_;
  std::string text_;
};

}  // namespace

//   350735.47 234388.90    seconds since boot, suspend counted; then the idle time of all processors
std::unique_ptr<Topic> make_uptime(const TopicContext& context) {
  if (!context.wants("uptime")) return nullptr;
  return std::make_unique<SingleTopic>("host.uptime", context.settings.proc + "/uptime");
}

std::unique_ptr<Topic> make_entropy(const TopicContext& context) {
  if (!context.wants("entropy")) return nullptr;
  return std::make_unique<SingleTopic>("host.entropy",
                                       context.settings.proc + "/sys/kernel/random/entropy_avail");
}

}  // namespace scops::host
