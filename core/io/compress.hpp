// zlib behind three functions. Streams are reused by nobody: each call sets up and frees its own state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/result.hpp"

namespace scops {

struct DeflateOptions {
  int level = 6;         // 1 to 9
  bool numbers = false;  // text of which most is digits: short matches do not pay
};

// Replaces `into` by the zlib stream (RFC 1950) of `data`.
void deflate(std::string_view data, std::string& into, DeflateOptions options = {});

// The content of a zlib stream, at most `limit` bytes (more is ErrorKind::drop, as is damage or a short
// stream).
[[nodiscard]] Result<std::string> inflate(std::string_view data, std::size_t limit);

// CRC-32 as in RFC 1952.
[[nodiscard]] std::uint32_t crc32_of(std::string_view data);

}  // namespace scops
