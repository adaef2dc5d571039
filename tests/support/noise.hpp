// Bytes for tests of what compresses them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace scops::test {

// Bytes below `end` in an order that does not repeat: of all 256, nothing makes them much smaller.
[[nodiscard]] inline std::string noise(std::size_t size, unsigned end = 256) {
  std::string bytes;
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < size; ++i) {
    state = state * 1664525U + 1013904223U;
    bytes.push_back(static_cast<char>((state >> 24U) % end));
  }
  return bytes;
}

}  // namespace scops::test
