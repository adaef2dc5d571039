// Busy is what psutil's cpu_percent calls busy: all but idle and iowait, guest time counted once. The first
// capture only remembers: a percentage since boot is not what anybody asked for.

#include "collectors/pull/host/cpu.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "collectors/pull/host/topic.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace scops::host {
namespace {

constexpr std::size_t idle = 3;
constexpr std::size_t iowait = 4;
constexpr std::size_t least_columns = 4;  // user nice system idle: all kernels have these

// Two decimals: the third is noise at any period, and shorter on the wire.
double rounded(double percent) { return std::round(percent * 100) / 100; }

//   cpu3 4705 356 584 3699176 23060 0 277 0 0 0
//        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ these
std::optional<CpuTimes> parse_times(std::string_view columns) {
  CpuTimes times;
  for (std::uint64_t& ticks : times.ticks) {
    const std::string_view word = next_word(columns);
    if (word.empty()) break;
    const std::optional<std::uint64_t> number = to_uint(word);
    if (!number) return std::nullopt;
    ticks = *number;
    ++times.columns;
  }
  if (times.columns < least_columns) return std::nullopt;
  return times;
}

// "cpu" or "cpu3" and what follows; false when the line is none of the kernel's.
bool take_cpu(std::string_view name, std::string_view columns, StatSnapshot& into) {
  const std::optional<CpuTimes> times = parse_times(columns);
  if (!times) return false;
  if (name == "cpu") {
    into.total = times;
    return true;
  }
  const std::optional<std::uint64_t> number = to_uint(name.substr(3));
  // Ascending, as the kernel writes them: emit_cpu walks two readings side by side.
  if (!number || (!into.cores.empty() && into.cores.back().number >= *number)) return false;
  into.cores.push_back({*number, *times});
  return true;
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
    emit.gauge("host.cpu.mode", rounded(shares.modes[i]), tags);
  }
}

void emit_cores(const std::vector<CpuCore>& before, const std::vector<CpuCore>& now, Emit& emit) {
  auto old = before.begin();
  for (const CpuCore& core : now) {
    while (old != before.end() && old->number < core.number) ++old;
    if (old == before.end() || old->number != core.number) continue;  // has just come online
    const std::optional<CpuShares> shares = cpu_shares(old->times, core.times);
    if (!shares) continue;
    const fmt::format_int number(core.number);
    const std::array tags{Tag{"core", {number.data(), number.size()}}};
    emit.gauge("host.cpu.core.percentage", rounded(shares->busy), tags);
  }
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

std::optional<CpuShares> cpu_shares(const CpuTimes& before, const CpuTimes& now) {
  CpuShares shares;
  double total = 0;
  for (std::size_t i = 0; i < now.ticks.size(); ++i) {
    if (now.ticks[i] < before.ticks[i]) {
      if (i == idle || i == iowait) continue;
      return std::nullopt;
    }
    shares.modes[i] = static_cast<double>(now.ticks[i] - before.ticks[i]);
    total += shares.modes[i];
  }
  if (total <= 0) return std::nullopt;
  shares.busy = (total - shares.modes[idle] - shares.modes[iowait]) / total * 100;
  for (double& mode : shares.modes) mode = mode / total * 100;
  return shares;
}

void emit_cpu(const StatSnapshot& before, const StatSnapshot& now, const CpuGroups& groups, Emit& emit) {
  if (before.total && now.total) {
    if (const std::optional<CpuShares> shares = cpu_shares(*before.total, *now.total)) {
      if (groups.total) emit.gauge("host.cpu.percentage", rounded(shares->busy));
      if (groups.modes) emit_modes(*shares, now.total->columns, emit);
    }
  }
  if (groups.cores) emit_cores(before.cores, now.cores, emit);
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
