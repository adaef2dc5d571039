// What http_client.cpp does with its sockets. Nothing of curl: that is http_client.cpp's alone.
#pragma once

namespace scops {

// A goodbye of TLS has no more.
inline constexpr int goodbye_bytes_max = 64;
// From here on a request was not sent in time, rather than not confirmed.
inline constexpr int unsent_bytes_min = 1024;

// Of what we gave the kernel to send.
struct Unsent {
  int unconfirmed = 0;  // bytes; the peer may have them all the same
  int never_left = 0;   // those of them that nobody can have
};

// Closes `fd` and tells the Unsent at `unsent` how far it got. Unconfirmed bytes are forgotten: the kernel
// would go on sending them for minutes, and a request that was given up arrived beside the one in its place.
// As curl calls it: 0, whatever happens.
int close_looking_back(void* unsent, int fd) noexcept;

}  // namespace scops
