#include "collectors/pull/host/load.hpp"

#include <algorithm>
#include <utility>

#include "collectors/pull/host/topic.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace scops::host {
namespace {

constexpr std::array<std::string_view, 3> periods{"1m", "5m", "15m"};

class LoadTopic final : public Topic {
 public:
  LoadTopic(std::string path, LoadGroups groups) : path_(std::move(path)), groups_(groups) {}

  Status collect(Emit& emit) override {
    if (Status read = read_file_into(path_, text_); !read) return read;
    const std::optional<LoadAverage> load = parse_loadavg(text_);
    if (!load) return Error{ErrorKind::drop, path_ + " not understood: '" + printable(text_) + "'"};
    emit_load(*load, groups_, emit);
    return Ok{};
  }

 private:
  std::string path_;
  LoadGroups groups_;
  std::string text_;
};

}  // namespace

std::optional<LoadAverage> parse_loadavg(std::string_view text) {
  text = trim(text);
  LoadAverage average;
  for (double& load : average.load) {
    const std::optional<double> number = to_number(next_word(text));
    if (!number || *number < 0) return std::nullopt;
    load = *number;
  }
  std::string_view threads = next_word(text);
  const std::optional<std::uint64_t> running = to_uint(cut(threads, '/'));
  const std::optional<std::uint64_t> all = to_uint(threads);
  if (!running || !all || !to_uint(trim(text))) return std::nullopt;
  average.threads = *all;
  return average;
}

void emit_load(const LoadAverage& load, const LoadGroups& groups, Emit& emit) {
  for (std::size_t i = 0; i < periods.size(); ++i) {
    const std::array tags{Tag{"period", periods[i]}};
    if (groups.load[i]) emit.gauge("host.la", load.load[i], tags);
  }
  if (groups.processes) emit.gauge("host.processes.threads", static_cast<double>(load.threads));
}

std::unique_ptr<Topic> make_load(const TopicContext& context) {
  const LoadGroups groups{.load = {context.wants("la"), context.wants("load5"), context.wants("load15")},
                          .processes = context.wants("processes")};
  if (!groups.processes && std::count(groups.load.begin(), groups.load.end(), true) == 0) return nullptr;
  return std::make_unique<LoadTopic>(context.settings.proc + "/loadavg", groups);
}

}  // namespace scops::host
