// What the head of a request takes on the wire.
#pragma once

#include <cstddef>
#include <string_view>

#include "tests/support/http_sink.hpp"

namespace scops::bench {

// As it was sent: every line with its end, and the empty one.
inline std::size_t head_bytes(const test::SinkRequest& request) {
  std::size_t bytes =
      request.method.size() + request.target.size() + std::string_view("  HTTP/1.1\r\n\r\n").size();
  for (const auto& [name, value] : request.headers)
    bytes += name.size() + value.size() + std::string_view(": \r\n").size();
  return bytes;
}

}  // namespace scops::bench
