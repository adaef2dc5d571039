// What http_client.cpp does with its sockets. Nothing of curl: that is http_client.cpp's alone.
#pragma once

namespace scops {

// More than what a goodbye of TLS has.
inline constexpr int unsent_bytes_min = 1024;

// Closes `fd` and leaves in the int at `unsent` how many bytes the peer has not confirmed, of what we gave
// the kernel to send. As curl calls it: 0, whatever happens.
int close_looking_back(void* unsent, int fd) noexcept;

}  // namespace scops
