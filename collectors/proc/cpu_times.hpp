// Processor time as the kernel counts it in /proc/stat, and what of it passed between two readings. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/model/collector.hpp"

namespace scops {

// The columns of a cpu line in the kernel's order. Guest time follows them, but is part of user and nice.
constexpr std::array<std::string_view, 8> cpu_modes{"user",   "nice", "system",  "idle",
                                                    "iowait", "irq",  "softirq", "steal"};

// Ticks since boot. Old kernels have fewer columns: the rest is 0 and not counted in `columns`.
struct CpuTimes {
  std::array<std::uint64_t, cpu_modes.size()> ticks{};
  std::size_t columns = 0;
};

struct CpuCore {
  std::uint64_t number = 0;
  CpuTimes times;
};

// The columns behind the name of a cpu line; nothing when they are none.
[[nodiscard]] std::optional<CpuTimes> parse_cpu_times(std::string_view columns);

// Adds the line of one core, whose name is "cpu3". False when it is none, or not behind those before it.
bool take_core(std::string_view name, std::string_view columns, std::vector<CpuCore>& into);

using CpuTicks = std::array<double, cpu_modes.size()>;

// What passed of each mode; nothing when the counters went back. A processor that was off and on again is
// idle since 0 until Linux 6.8. idle and iowait count as one: the kernel moves time from one to the other
// afterwards (proc(5)), and that both together step back may cost a percent, no more.
[[nodiscard]] std::optional<CpuTicks> ticks_between(const CpuTimes& before, const CpuTimes& now);

// Percentages of the time between two readings, with two decimals.
struct CpuShares {
  double busy = 0;
  CpuTicks modes{};
};

// Nothing when no time has passed or the counters went back.
[[nodiscard]] std::optional<CpuShares> cpu_shares(const CpuTimes& before, const CpuTimes& now);

// How busy each core was that is in both readings: `metric` with the tag core.
void emit_cores(const std::vector<CpuCore>& before, const std::vector<CpuCore>& now, std::string_view metric,
                Emit& emit);

}  // namespace scops
