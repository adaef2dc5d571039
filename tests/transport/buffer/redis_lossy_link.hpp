// Between a client and its Redis: hands everything on, until it is told to lose the answer to the next EXEC.
// The server has then run the transaction; the client sees its connection end.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "core/io/files.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {

class LossyLink {
 public:
  // `server` is the path of its unix socket.
  explicit LossyLink(std::string server) : server_(std::move(server)) {
    const sockaddr_un address = address_of(path());
    if (::bind(listener_.get(), generic(address), sizeof address) != 0 || ::listen(listener_.get(), 4) != 0)
      std::abort();
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }

  [[nodiscard]] std::string path() const { return dir_ / "lossy.sock"; }
  void lose_next_exec() { lose_ = true; }
  [[nodiscard]] bool lost() const { return !lose_; }

 private:
  static sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
  }
  static const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
  }
  static bool readable(int fd) {
    pollfd one = {fd, POLLIN, 0};
    return ::poll(&one, 1, 5) > 0;
  }

  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (!readable(listener_.get())) continue;
      const Fd client(::accept(listener_.get(), nullptr, nullptr));
      const Fd server(::socket(AF_UNIX, SOCK_STREAM, 0));
      const sockaddr_un address = address_of(server_);
      if (::connect(server.get(), generic(address), sizeof address) != 0) continue;
      while (!stop.stop_requested() && pass(client.get(), server.get(), stop)) continue;
    }
  }

  // False: this connection is over.
  bool pass(int client, int server, const std::stop_token& stop) {
    std::string text;
    if (readable(client) && !move(client, server, text)) return false;
    const bool lose = lose_ && text.find("EXEC\r\n") != std::string::npos;
    while (lose && !readable(server) && !stop.stop_requested()) continue;
    if (lose) return lose_ = false;
    return !readable(server) || move(server, client, text);
  }
  static bool move(int from, int to, std::string& text) {
    std::array<char, 65536> piece;  // NOLINT: filled before it is read
    const ssize_t size = ::recv(from, piece.data(), piece.size(), 0);
    if (size <= 0) return false;
    text.assign(piece.data(), static_cast<std::size_t>(size));
    return ::send(to, text.data(), text.size(), MSG_NOSIGNAL) == size;
  }

  const std::string server_;
  TempDir dir_;
  Fd listener_{::socket(AF_UNIX, SOCK_STREAM, 0)};
  std::atomic<bool> lose_ = false;
  std::jthread thread_;
};

}  // namespace scops::test
