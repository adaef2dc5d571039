// /proc/loadavg. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/model/collector.hpp"

namespace scops::host {

struct LoadAverage {
  std::array<double, 3> load{};  // over 1, 5 and 15 minutes
  std::uint64_t threads = 0;     // of all processes; the kernel counts no processes anywhere
};

// Nothing unless the line is complete: "0.20 0.18 0.12 1/80 11206".
[[nodiscard]] std::optional<LoadAverage> parse_loadavg(std::string_view text);

struct LoadGroups {
  std::array<bool, 3> load{};
  bool processes = false;
};

void emit_load(const LoadAverage& load, const LoadGroups& groups, Emit& emit);

}  // namespace scops::host
