// What flash says about its age (eMMC 5.0, EXT_CSD 267 to 269) and what block devices have written. Pure.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace scops::host {

// Percent of the rated life used, at most: "0x03 0x01" -> 30 for type A (SLC), 10 for B (MLC). 110 means
// beyond it. Absent: not defined by the device.
[[nodiscard]] std::array<std::optional<double>, 2> parse_life_time(std::string_view text);

// 1 normal, 2 warning (80 % of the reserved blocks are used up), 3 urgent (90 %).
[[nodiscard]] std::optional<double> parse_pre_eol(std::string_view text);

// Bytes written since boot, out of /sys/block/<device>/stat.
[[nodiscard]] std::optional<double> parse_block_written(std::string_view text);

}  // namespace scops::host
