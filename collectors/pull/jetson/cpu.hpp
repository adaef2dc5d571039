// Texts about processors.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace scops::jetson {

// Processor numbers: "0-3,5" (the kernel's cpu lists) or "0 1 2 3" (cpufreq); nothing for other texts. None
// above 1023.
[[nodiscard]] std::optional<std::vector<std::size_t>> parse_cpus(std::string_view text);

// A line of /proc/stat, in ticks since boot.
struct CoreTimes {
  std::size_t core = 0;
  std::uint64_t busy = 0;
  std::uint64_t idle = 0;
};
// The lines of single cores: "cpu0 4705 150 1120 1640 500 0 30 0 0 0". Reuses `into`.
void parse_core_times(std::string_view text, std::vector<CoreTimes>& into);

}  // namespace scops::jetson
