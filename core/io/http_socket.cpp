#include "core/io/http_socket.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace scops {

int close_looking_back(void* unsent, int fd) noexcept {
  auto& found = *static_cast<Unsent*>(unsent);
  if (::ioctl(fd, SIOCOUTQ, &found.unconfirmed) != 0 || ::ioctl(fd, SIOCOUTQNSD, &found.never_left) != 0)
    found = {};
  if (found.unconfirmed > goodbye_bytes_max) {
    const linger forget{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &forget, sizeof forget);
  }
  ::close(fd);
  return 0;
}

}  // namespace scops
