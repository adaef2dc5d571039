// Integers of 7 bits a byte, low bits first, and the zigzag fold that keeps small negative ones small. The
// reader gives 0 or "" beyond the end and remembers that it failed, so that its user checks once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/size.hpp"

namespace scops {

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}

constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1U) ^ (~(value & 1U) + 1U));
}

inline void append_varint(std::string& into, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) into.push_back(static_cast<char>(value | 0x80U));
  into.push_back(static_cast<char>(value));
}

// A view over bytes that outlive it.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes = {}) : rest_(bytes) {}

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    return fail();
  }

  // A varint that may not exceed `limit`.
  std::size_t count(std::size_t limit) {
    const std::uint64_t value = varint();
    return size_from(value <= limit ? value : fail());
  }

  std::string_view bytes(std::uint64_t length) {
    if (length > rest_.size()) {
      fail();
      return {};
    }
    const std::string_view taken = rest_.substr(0, size_from(length));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  [[nodiscard]] std::size_t left() const { return rest_.size(); }
  [[nodiscard]] bool failed() const { return failed_; }
  // Everything was read, and nothing was missing.
  [[nodiscard]] bool done() const { return !failed_ && rest_.empty(); }

 private:
  std::uint64_t fail() {
    failed_ = true;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace scops
