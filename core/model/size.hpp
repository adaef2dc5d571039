// A number of 64 bits as a size, which has 32 on some boards: what is beyond is the greatest size there is.
// Any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace scops {

// A template, because the compiler calls a cast useless where both are one type.
template <typename Size = std::size_t>
[[nodiscard]] constexpr Size size_from(std::uint64_t number) {
  return static_cast<Size>(std::min<std::uint64_t>(number, std::numeric_limits<Size>::max()));
}

}  // namespace scops
