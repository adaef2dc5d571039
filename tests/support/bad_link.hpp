// A board and its intake with a bad link between them: two network namespaces of the test's own, and a wire
// that loses, delays, narrows and swallows packets as told. Needs the right to make namespaces and to open
// /dev/net/tun (root).
//
//   BadLink link;
//   if (!link.works()) ... say so ...
//   const auto sink = link.at_intake([] { return std::make_unique<HttpSink>(BadLink::intake); });
//   const auto agent = link.at_board([&] { return std::make_unique<AgentProcess>(...); });
//   link.set({.bits_per_second = 32'000, .delay = 400ms, .loss = 0.1});
//   link.set({.swallows = true});  // a black hole: every packet vanishes, in silence
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "core/io/files.hpp"

namespace scops::test {

class BadLink {
 public:
  static constexpr const char* board = "10.77.0.1";
  static constexpr const char* moved_board = "10.77.1.1";  // after move()
  static constexpr const char* intake = "10.77.0.2";

  // In each direction.
  struct Manner {
    std::size_t bits_per_second = 0;     // 0: no limit; two seconds of packets wait, further ones are lost
    std::chrono::milliseconds delay{0};  // of each packet
    double loss = 0;                     // share of the packets
    bool swallows = false;
  };

  BadLink();
  ~BadLink();
  BadLink(const BadLink&) = delete;
  BadLink& operator=(const BadLink&) = delete;

  // False: the right is missing.
  [[nodiscard]] bool works() const { return wire_.joinable(); }
  void set(Manner manner);
  // Packets that have crossed so far.
  [[nodiscard]] std::size_t packets() const { return packets_; }
  // The board's address is taken away and it gets another one, as by a new lease.
  void move();

  // What `make` opens or starts on the spot belongs to that side.
  template <typename Make>
  auto at_board(Make make) const {
    const Visit visit(board_.space.get(), home_.get());
    return make();
  }
  template <typename Make>
  auto at_intake(Make make) const {
    const Visit visit(intake_.space.get(), home_.get());
    return make();
  }

 private:
  struct Side {
    Fd space;   // the namespace
    Fd device;  // packets of its interface
  };
  struct Packet {
    std::chrono::steady_clock::time_point due;
    std::string bytes;
  };
  struct Direction {
    int from, to;
    std::deque<Packet> under_way = {};
    std::chrono::steady_clock::time_point free = {};  // when the last bit of what waits has left
  };
  class Visit {
   public:
    Visit(int space, int home);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    const int home_;
  };

  [[nodiscard]] Side make_side(const char* own, const char* peer) const;
  void carry(const std::stop_token& stop);
  void take(Direction& direction, const Manner& manner);
  void deliver(Direction& direction);

  const Fd home_;
  Side board_;
  Side intake_;
  std::atomic<std::size_t> packets_ = 0;
  std::mutex mutex_;  // guards manner_
  Manner manner_;
  std::mt19937 random_;
  std::jthread wire_;
};

}  // namespace scops::test
