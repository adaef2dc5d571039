// Where the pages are to be had.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/settings.hpp"
#include "core/model/result.hpp"

namespace scops {

struct Listen {
  std::string address;
  std::uint16_t port = 0;
};

// "127.0.0.1:18125", "[::1]:18125" or "localhost:18125", which is the first; nothing for "off".
// ErrorKind::refused for what is no address and port, and for one that is not loopback's, unless that was
// allowed.
[[nodiscard]] Result<std::optional<Listen>> parse_listen(const HttpSettings& http);

// As in an address of a page: "127.0.0.1:18125", "[::1]:18125".
[[nodiscard]] std::string authority(const Listen& listen);

}  // namespace scops
