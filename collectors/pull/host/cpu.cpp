// The first capture only remembers: a percentage since boot is not what anybody asked for.

#include "collectors/pull/host/cpu.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "collectors/pull/host/topic.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace scops::host {
namespace {

// "cpu" or "cpu3" and what follows; false when the line is none of the kernel's.
bool take_cpu(std::string_view name, std::string_view columns, StatSnapshot& into) {
  if (name != "cpu") return take_core(name, columns, into.cores);
  const std::optional<CpuTimes> times = parse_cpu_times(columns);
  if (times) into.total = times;
  return times.has_value();
}

bool take_line(std::string_view line, StatSnapshot& into) {
  const std::string_view name = next_word(line);
  if (name.starts_with("cpu")) return take_cpu(name, line, into);
  const std::optional<std::uint64_t> number = to_uint(next_word(line));
  if (!number) return false;
  if (name == "processes") into.forks = number;
  if (name == "procs_running") into.running = number;
  if (name == "procs_blocked") into.blocked = number;
  return true;
}

void emit_modes(const CpuShares& shares, std::size_t columns, Emit& emit) {
  for (std::size_t i = 0; i < columns; ++i) {
    const std::array tags{Tag{"mode", cpu_modes[i]}};
    emit.gauge("host.cpu.mode", shares.modes[i], tags);
  }
}

bool cores_stayed(const std::vector<CpuCore>& before, const std::vector<CpuCore>& now) {
  return std::equal(before.begin(), before.end(), now.begin(), now.end(),
                    [](const CpuCore& one, const CpuCore& other) {
                      return one.number == other.number && ticks_between(one.times, other.times).has_value();
                    });
}

class CpuTopic final : public Topic {
 public:
  CpuTopic(std::string path, CpuGroups groups) : path_(std::move(path)), groups_(groups) {}

  Status collect(Emit& emit) override {
    if (Status read = read_file_into(path_, text_); !read) return read;
    Rejects rejects;
    parse_stat(text_, now_, rejects);
    if (!now_.total) return Error{ErrorKind::drop, path_ + ": no line 'cpu'"};
    emit_cpu(before_, now_, groups_, emit);
    if (groups_.processes) emit_processes(now_, emit);
    std::swap(before_, now_);
    return rejects.status(path_);
  }

 private:
  std::string path_;
  CpuGroups groups_;
  std::string text_;
  StatSnapshot before_, now_;
};

}  // namespace

void parse_stat(std::string_view text, StatSnapshot& into, Rejects& rejects) {
  into.total.reset();
  into.cores.clear();
  into.forks.reset();
  into.running.reset();
  into.blocked.reset();
  LineReader lines(text);
  for (std::string_view line; lines.next(line);) {
    if (!take_line(line, into)) rejects.add(lines.number(), line);
  }
}

void emit_cpu(const StatSnapshot& before, const StatSnapshot& now, const CpuGroups& groups, Emit& emit) {
  if (before.total && now.total && cores_stayed(before.cores, now.cores)) {
    if (const std::optional<CpuShares> shares = cpu_shares(*before.total, *now.total)) {
      if (groups.total) emit.gauge("host.cpu.percentage", shares->busy);
      if (groups.modes) emit_modes(*shares, now.total->columns, emit);
    }
  }
  if (groups.cores) emit_cores(before.cores, now.cores, "host.cpu.core.percentage", emit);
}

void emit_processes(const StatSnapshot& now, Emit& emit) {
  if (now.running) emit.gauge("host.processes.running", static_cast<double>(*now.running));
  if (now.blocked) emit.gauge("host.processes.blocked", static_cast<double>(*now.blocked));
  if (now.forks) emit.gauge("host.processes.forks", static_cast<double>(*now.forks));
}

std::unique_ptr<Topic> make_cpu(const TopicContext& context) {
  const CpuGroups groups{.total = context.wants("cpu"),
                         .cores = context.wants("cpu_cores"),
                         .modes = context.wants("cpu_modes"),
                         .processes = context.wants("processes")};
  if (!groups.total && !groups.cores && !groups.modes && !groups.processes) return nullptr;
  return std::make_unique<CpuTopic>(context.settings.proc + "/stat", groups);
}

}  // namespace scops::host
