// The thread of one output. It owns the output and a Delivery for each kind of record, which decides what is
// sent and when; this class only waits and gives them their turns: one request at a time, and an intake that
// is down holds up its own kind. The buffer, stats and clock outlive it.
//
//   for (auto& dispatcher : dispatchers) dispatcher->close();  // each: one last send, within the grace time
//   for (auto& dispatcher : dispatchers) dispatcher->join();
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/model/buffer.hpp"
#include "core/model/output.hpp"
#include "core/runtime/clock.hpp"
#include "transport/dispatch/delivery.hpp"
#include "transport/dispatch/pace.hpp"
#include "transport/dispatch/settings.hpp"

namespace scops {

class Dispatcher {
 public:
  // Starts the thread "out-<name>".
  Dispatcher(std::string name, std::unique_ptr<Output> output, DeliveryContext context);
  // Without close(): cuts a request in flight and ends.
  ~Dispatcher() = default;
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // A flush was put into the buffer: outputs whose limits() say immediate send it now. Any thread.
  void wake();
  // Lets a request in flight finish, sends once more of each kind if anything waits, then ends the thread;
  // what has not ended when the grace time, or `at_most`, is over is cut. Returns at once. Any thread; a
  // second call changes nothing.
  void close(Duration at_most = Duration::max());
  // Waits for the end that close() asked for, the grace time, and then for at most `cutting` until what was
  // going on is cut. False: the thread hangs, and nothing that it uses may be destroyed, this neither.
  bool join(Duration cutting);

  // The steady time by which the thread has promised to say something again; long past: it hangs. Any thread.
  [[nodiscard]] std::int64_t promised() const { return promised_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  struct Turn {
    Delivery* delivery;
    std::int64_t due = 0;  // steady
  };

  void run(const std::stop_token& stop);
  std::int64_t take_turn(const std::stop_token& stop);
  std::int64_t step(Delivery& delivery, Duration timeout, const std::stop_token& stop);
  bool wait_until(std::int64_t due, const std::stop_token& stop);
  void send_last(const std::stop_token& stop);
  [[nodiscard]] Duration until(std::int64_t steady) const;

  const std::string name_;
  const std::unique_ptr<Output> output_;
  const bool immediate_;
  const DispatchSettings settings_;
  const Clock& clock_;
  Pace pace_;  // this and the three below are the thread's own
  Delivery metrics_;
  Delivery logs_;
  std::array<Turn, 2> turns_;  // the one whose turn was longest ago first
  std::atomic<std::int64_t> promised_;

  std::mutex mutex_;  // guards the four below
  std::condition_variable_any changed_;
  bool woken_ = false;
  bool closing_ = false;
  bool ended_ = false;
  std::int64_t deadline_ = 0;  // steady, once closing

  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace scops
