// The power mode that nvpmodel has set, out of the file in which it remembers it; the program is not run.

#include "collectors/pull/jetson/names.hpp"
#include "collectors/pull/jetson/topic.hpp"
#include "collectors/pull/jetson/tree.hpp"

namespace scops::jetson {
namespace {

class NvpmodelTopic final : public Topic {
 public:
  explicit NvpmodelTopic(const JetsonSettings& settings)
      : root_(settings.root == "/" ? "" : settings.root), status_(root_ + "/var/lib/nvpmodel/status") {}

  void scan() override {
    conf_ = host_file(root_, "/etc/nvpmodel.conf");
    named_ = -1;
  }

  Status collect(Emit& emit) override {
    std::array<char, 256> room{};
    const Result<std::string_view> text = status_.read(room);
    if (!text) return Error{ErrorKind::absent, text.error().text};
    const std::optional<std::int64_t> id = parse_power_mode(*text);
    if (!id) return Error{ErrorKind::drop, status_.path() + " not understood"};
    if (*id != named_) {
      name_ = tag_text(find_power_mode_name(conf_, *id));
      named_ = *id;
    }
    const std::array tags{Tag{"mode", name_}};
    const std::span<const Tag> known(tags.data(), name_.empty() ? 0 : 1);
    emit.gauge("jetson.nvpmodel", static_cast<double>(*id), known);
    return Ok{};
  }

 private:
  std::string root_;
  KeptFile status_;
  std::string conf_;
  std::int64_t named_ = -1;  // the mode that name_ belongs to
  std::string name_;
};

}  // namespace

std::unique_ptr<Topic> make_nvpmodel(const TopicContext& context) {
  if (!context.wants("nvpmodel")) return nullptr;
  return std::make_unique<NvpmodelTopic>(context.settings);
}

}  // namespace scops::jetson
