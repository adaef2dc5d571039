// Busy is what psutil's cpu_percent calls busy: all but idle and iowait, guest time counted once.

#include "collectors/proc/cpu_times.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/model/text.hpp"

namespace scops {
namespace {

constexpr std::size_t idle = 3;
constexpr std::size_t iowait = 4;
constexpr std::size_t least_columns = 4;  // user nice system idle: all kernels have these
constexpr double tolerated = 0.01;        // of the busy time: how far idle and iowait may step back

// Two decimals: the third is noise at any period, and shorter on the wire.
double rounded(double percent) { return std::round(percent * 100) / 100; }

}  // namespace

//   cpu3 4705 356 584 3699176 23060 0 277 0 0 0
//        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ these
std::optional<CpuTimes> parse_cpu_times(std::string_view columns) {
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

// Ascending, as the kernel writes them: two readings are walked side by side.
bool take_core(std::string_view name, std::string_view columns, std::vector<CpuCore>& into) {
  if (!name.starts_with("cpu")) return false;
  const std::optional<std::uint64_t> number = to_uint(name.substr(3));
  const std::optional<CpuTimes> times = parse_cpu_times(columns);
  if (!number || !times || (!into.empty() && into.back().number >= *number)) return false;
  into.push_back({*number, *times});
  return true;
}

std::optional<CpuTicks> ticks_between(const CpuTimes& before, const CpuTimes& now) {
  CpuTicks ticks{};
  double busy = 0;
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    ticks[i] = static_cast<double>(now.ticks[i]) - static_cast<double>(before.ticks[i]);
    if (i == idle || i == iowait) continue;
    if (ticks[i] < 0) return std::nullopt;
    busy += ticks[i];
  }
  const double rest = ticks[idle] + ticks[iowait];
  if (rest < -busy * tolerated) return std::nullopt;
  ticks[iowait] = std::clamp(ticks[iowait], 0.0, std::max(rest, 0.0));
  ticks[idle] = std::max(rest, 0.0) - ticks[iowait];
  return ticks;
}

std::optional<CpuShares> cpu_shares(const CpuTimes& before, const CpuTimes& now) {
  const std::optional<CpuTicks> ticks = ticks_between(before, now);
  if (!ticks) return std::nullopt;
  double total = 0;
  for (const double mode : *ticks) total += mode;
  if (total <= 0) return std::nullopt;
  CpuShares shares{.busy = rounded((total - (*ticks)[idle] - (*ticks)[iowait]) / total * 100)};
  for (std::size_t i = 0; i < ticks->size(); ++i) shares.modes[i] = rounded((*ticks)[i] / total * 100);
  return shares;
}

void emit_cores(const std::vector<CpuCore>& before, const std::vector<CpuCore>& now, std::string_view metric,
                Emit& emit) {
  auto old = before.begin();
  for (const CpuCore& core : now) {
    while (old != before.end() && old->number < core.number) ++old;
    if (old == before.end() || old->number != core.number) continue;  // has just come online
    const std::optional<CpuShares> shares = cpu_shares(old->times, core.times);
    if (!shares) continue;
    const fmt::format_int number(core.number);
    const std::array tags{Tag{"core", {number.data(), number.size()}}};
    emit.gauge(metric, shares->busy, tags);
  }
}

}  // namespace scops
