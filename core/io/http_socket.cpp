#include "core/io/http_socket.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace scops {

int close_looking_back(void* unsent, int fd) noexcept {
  int bytes = 0;
  if (::ioctl(fd, SIOCOUTQ, &bytes) == 0) *static_cast<int*>(unsent) = bytes;
  ::close(fd);
  return 0;
}

}  // namespace scops
