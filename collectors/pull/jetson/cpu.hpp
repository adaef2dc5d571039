// Texts about processors.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace scops::jetson {

// Processor numbers: "0-3,5" (the kernel's cpu lists) or "0 1 2 3" (cpufreq); nothing for other texts. None
// above 1023.
[[nodiscard]] std::optional<std::vector<std::size_t>> parse_cpus(std::string_view text);

}  // namespace scops::jetson
