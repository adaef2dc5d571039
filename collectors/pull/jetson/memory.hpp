// What /proc/meminfo says of a Jetson.
#pragma once

#include <optional>
#include <string_view>

namespace scops::jetson {

// Bytes.
struct Memory {
  std::optional<double> total, free, available, buffers, cached, swap_total, swap_free, swap_cached, gpu_used;
};
// Lines that are not understood are as if they were not there.
[[nodiscard]] Memory parse_memory(std::string_view text);

}  // namespace scops::jetson
