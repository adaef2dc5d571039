// /proc/pressure/*: the share of time in which work waited for a resource. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/proc/lines.hpp"
#include "core/model/collector.hpp"

namespace scops::host {

struct Stall {
  double avg60 = 0;            // percent of the last minute
  std::uint64_t total_us = 0;  // since boot
};

struct Pressure {
  std::optional<Stall> some;  // at least one task waited
  std::optional<Stall> full;  // all tasks waited
};

[[nodiscard]] Pressure parse_pressure(std::string_view text, Rejects& rejects);

// `resource` becomes the tag; empty for none.
void emit_pressure(const Pressure& pressure, std::string_view resource, Emit& emit);

}  // namespace scops::host
