// A TCP server on a loopback port that says what a test wants: for peers that real programs never are.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "core/io/files.hpp"

namespace scops::test {

class FakePeer {
 public:
  // One connection at a time: `answer(what has come, how many times)` gives what to say to each piece that
  // arrives; "<close>" at its end hangs up.
  using Answer = std::function<std::string(std::string_view came, int turn)>;
  explicit FakePeer(Answer answer) : answer_(std::move(answer)), listener_(make_socket()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 8) != 0 ||
        ::getsockname(listener_.get(), generic, &size) != 0) {
      throw std::runtime_error("no port");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  static Fd make_socket() { return Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }
  static bool readable(int fd) {
    pollfd watched{fd, POLLIN, 0};
    return ::poll(&watched, 1, 5) > 0;
  }

  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (!readable(listener_.get())) continue;
      const Fd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!peer.valid()) continue;
      ++connections_;
      talk(peer.get(), stop);
    }
  }

  void talk(int peer, const std::stop_token& stop) {
    constexpr std::string_view close = "<close>";
    std::array<char, 65536> piece{};
    for (int turn = 0; !stop.stop_requested();) {
      if (!readable(peer)) continue;
      const ssize_t came = ::recv(peer, piece.data(), piece.size(), 0);
      if (came <= 0) return;
      std::string text = answer_({piece.data(), static_cast<std::size_t>(came)}, turn++);
      const bool hang_up = text.ends_with(close);
      if (hang_up) text.resize(text.size() - close.size());
      for (std::string_view rest = text; !rest.empty();) {
        const ssize_t sent = ::send(peer, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        rest.remove_prefix(static_cast<std::size_t>(sent));
      }
      if (hang_up) return;
    }
  }

  Answer answer_;
  Fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::jthread thread_;
};

}  // namespace scops::test
