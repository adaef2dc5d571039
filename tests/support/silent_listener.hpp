// A free port of 127.0.0.1 where somebody listens and, unless asked to, accepts nobody.
#pragma once

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <string>

#include "core/io/files.hpp"

namespace scops::test {

class SilentListener {
 public:
  // `receive_buffer`: bytes that a connection takes without a reader; 0: as the kernel likes.
  explicit SilentListener(int receive_buffer = 0) {
    if (receive_buffer > 0)
      ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    auto* const generic = reinterpret_cast<sockaddr*>(&address_);
    if (::bind(socket_.get(), generic, size) != 0 || ::listen(socket_.get(), 4) != 0 ||
        ::getsockname(socket_.get(), generic, &size) != 0)
      throw std::runtime_error("no port of 127.0.0.1");
  }

  [[nodiscard]] const sockaddr_in& address() const { return address_; }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port));
  }
  [[nodiscard]] Fd accept() const { return Fd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }
  // An emulator of another architecture may not know what a socket has not sent yet.
  [[nodiscard]] static bool can_tell_unsent() {
    const Fd one(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    int unsent = 0;
    return ::ioctl(one.get(), SIOCOUTQNSD, &unsent) == 0 || errno == EINVAL;
  }

 private:
  Fd socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address_{};
};

}  // namespace scops::test
