// /proc/stat: processor time and process counts. Pure: text in, numbers out.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "collectors/proc/cpu_times.hpp"
#include "collectors/proc/lines.hpp"
#include "core/model/collector.hpp"

namespace scops::host {

struct StatSnapshot {
  std::optional<CpuTimes> total;
  std::vector<CpuCore> cores;  // ascending; cores that are offline are not there
  std::optional<std::uint64_t> forks, running, blocked;
};

// `into` keeps its capacity; lines of unknown names are fine, lines that are no statistics are rejected.
void parse_stat(std::string_view text, StatSnapshot& into, Rejects& rejects);

struct CpuGroups {
  bool total = false, cores = false, modes = false, processes = false;
};

// Percentages between the two. The line of all processors is left out when one came, went or was away
// between: the kernel counts how long one was idle in another way while it is off, and that would pass for
// time.
void emit_cpu(const StatSnapshot& before, const StatSnapshot& now, const CpuGroups& groups, Emit& emit);
void emit_processes(const StatSnapshot& now, Emit& emit);

}  // namespace scops::host
