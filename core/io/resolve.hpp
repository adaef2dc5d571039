// Names to addresses with a deadline. getaddrinfo(3) has none and may take half a minute, so it runs in a
// thread of its own for as long as it takes (docs/decisions/050-redis-client.md).
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/model/result.hpp"

namespace scops {

// The real clock: a system call waits for it, whatever clock a test injects elsewhere.
using Deadline = std::chrono::steady_clock::time_point;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

// TCP addresses of `host` (a name, an IPv4 or an IPv6 address) in the order of preference, at most eight.
// ErrorKind::retry: "name not found", "name server does not answer". Any thread.
[[nodiscard]] Result<std::vector<SocketAddress>> resolve(const std::string& host, std::uint16_t port,
                                                         Deadline deadline);

}  // namespace scops
