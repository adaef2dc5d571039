// An HTTP/1.1 server on a unix socket that answers GETs as a test says, in chunks as engines of containers
// do. Each connection has a thread of its own and is kept alive.
//
//   FakeEngine engine(dir / "docker.sock", [](const std::string& target) { return FakeEngine::Answer{.body =
//   "[]"}; });
#pragma once

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <list>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/io/files.hpp"
#include "core/runtime/stop.hpp"

namespace scops::test {

class FakeEngine {
 public:
  struct Answer {
    int status = 200;
    std::string body = "{}";
    std::chrono::milliseconds after{0};  // how long it thinks
    bool hang_up = false;                // closes the connection instead of answering
    bool cut = false;                    // closes it before the answer's end
    int times = 1;  // the body comes so often, one after the other: a large answer costs the test little
  };
  using Answerer = std::function<Answer(const std::string& target)>;  // from several threads

  // `backlog`: connections that may wait to be accepted.
  FakeEngine(std::string path, Answerer answerer, int backlog = 128)
      : path_(std::move(path)), answerer_(std::move(answerer)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) throw std::runtime_error("the path is too long: " + path_);
    std::memcpy(address.sun_path, path_.data(), path_.size());
    ::unlink(path_.c_str());
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_.get(), backlog) != 0) {
      throw std::runtime_error("no socket at " + path_);
    }
    acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
  }
  ~FakeEngine() {
    acceptor_.request_stop();
    acceptor_.join();
    for (Peer& peer : peers_) peer.thread.request_stop();
    peers_.clear();
    ::unlink(path_.c_str());
  }
  FakeEngine(const FakeEngine&) = delete;
  FakeEngine& operator=(const FakeEngine&) = delete;

  [[nodiscard]] std::vector<std::string> targets() const {
    const std::lock_guard lock(mutex_);
    return targets_;
  }
  [[nodiscard]] std::size_t asked(std::string_view part) const {
    const std::vector<std::string> all = targets();
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [part](const auto& t) { return t.find(part) != std::string::npos; }));
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    targets_.clear();
  }
  [[nodiscard]] int connections() const { return connections_; }
  [[nodiscard]] int most_at_once() const { return most_at_once_; }

 private:
  static bool readable(int fd) {
    pollfd watched{fd, POLLIN, 0};
    return ::poll(&watched, 1, 5) > 0;
  }

  void accept_all(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (!readable(listener_.get())) continue;
      const int peer = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0) continue;
      ++connections_;
      peers_.remove_if([](const Peer& gone) { return gone.done.load(); });
      Peer& one = peers_.emplace_back();
      one.thread = std::jthread([this, peer, &one](const std::stop_token& end) {
        talk(Fd(peer), end);
        one.done = true;
      });
    }
  }

  void talk(const Fd& peer, const std::stop_token& stop) {
    std::string came;
    std::array<char, 4096> piece{};
    while (!stop.stop_requested()) {
      if (!readable(peer.get())) continue;
      const auto count = ::recv(peer.get(), piece.data(), piece.size(), 0);
      if (count <= 0) return;
      came.append(piece.data(), static_cast<std::size_t>(count));
      if (came.find("\r\n\r\n") == std::string::npos) continue;
      if (!answer(peer.get(), came.substr(4, came.find(' ', 4) - 4), stop)) return;
      came.clear();
    }
  }

  bool answer(int peer, const std::string& target, const std::stop_token& stop) {
    {
      const std::lock_guard lock(mutex_);
      targets_.push_back(target);
    }
    const int now = ++at_once_;
    int most = most_at_once_;
    while (now > most && !most_at_once_.compare_exchange_weak(most, now)) {
    }
    const Answer answer = answerer_(target);
    if (answer.after.count() > 0) nap(stop, answer.after);
    --at_once_;
    if (answer.hang_up) return false;
    const std::string text = fmt::format(
        "HTTP/1.1 {} Said\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
        answer.status);
    if (!transmit(peer, text)) return false;
    const std::string chunk = fmt::format("{:x}\r\n{}\r\n", answer.body.size(), answer.body);
    for (int i = 0; i < answer.times && !answer.body.empty(); ++i) {
      if (!transmit(peer, chunk)) return false;
    }
    return !answer.cut && transmit(peer, "0\r\n\r\n");
  }

  static bool transmit(int peer, std::string_view left) {
    while (!left.empty()) {
      const auto sent = ::send(peer, left.data(), left.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      left.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  std::string path_;
  Answerer answerer_;
  Fd listener_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::atomic<int> connections_{0}, at_once_{0}, most_at_once_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> targets_;
  struct Peer {
    std::atomic<bool> done{false};
    std::jthread thread;
  };
  std::list<Peer> peers_;  // the acceptor's until it has ended
  std::jthread acceptor_;
};

}  // namespace scops::test
