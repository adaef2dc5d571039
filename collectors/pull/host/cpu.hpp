// /proc/stat: processor time and process counts. Pure: text in, numbers out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "collectors/proc/lines.hpp"
#include "core/model/collector.hpp"

namespace scops::host {

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

struct StatSnapshot {
  std::optional<CpuTimes> total;
  std::vector<CpuCore> cores;  // ascending; cores that are offline are not there
  std::optional<std::uint64_t> forks, running, blocked;
};

// `into` keeps its capacity; lines of unknown names are fine, lines that are no statistics are rejected.
void parse_stat(std::string_view text, StatSnapshot& into, Rejects& rejects);

// Percentages of the time between two readings.
struct CpuShares {
  double busy = 0;
  std::array<double, cpu_modes.size()> modes{};
};

// Nothing when no time has passed or a counter went backwards (iowait and idle may, a little: proc(5)).
[[nodiscard]] std::optional<CpuShares> cpu_shares(const CpuTimes& before, const CpuTimes& now);

struct CpuGroups {
  bool total = false, cores = false, modes = false, processes = false;
};

void emit_cpu(const StatSnapshot& before, const StatSnapshot& now, const CpuGroups& groups, Emit& emit);
void emit_processes(const StatSnapshot& now, Emit& emit);

}  // namespace scops::host
