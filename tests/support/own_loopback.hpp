// A network namespace of the test's own, with nothing but a loopback interface: all of its ports are free. It
// is that of what the test opens and starts while it lives. Who is not root stays in the machine's.
#pragma once

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <string_view>

#include "core/io/files.hpp"

namespace scops::test {

class OwnLoopback {
 public:
  OwnLoopback() {
    if (!home_.valid() || ::unshare(CLONE_NEWNET) != 0) {
      home_.reset();
      return;
    }
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::string_view("lo").copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_UP;
    (void)::ioctl(socket.get(), SIOCSIFFLAGS, &request);
  }
  ~OwnLoopback() {
    if (home_.valid()) (void)::setns(home_.get(), CLONE_NEWNET);
  }
  OwnLoopback(const OwnLoopback&) = delete;
  OwnLoopback& operator=(const OwnLoopback&) = delete;

 private:
  Fd home_{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
};

}  // namespace scops::test
