// The texts of throttling that are more than a number.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/model/collector.hpp"

namespace scops::jetson {

// The Raspberry Pi firmware's bits as jetson.throttle.active (bits 0 to 3) and .occurred (16 to 19).
void emit_pi_bits(std::uint32_t bits, Emit& emit);

// How often the interrupt `name` has come on all processors together, out of /proc/interrupts:
//    24:       5       0       0       0     GICv2  80 Level     soctherm_edp
[[nodiscard]] std::optional<double> parse_interrupts(std::string_view text, std::string_view name);

}  // namespace scops::jetson
