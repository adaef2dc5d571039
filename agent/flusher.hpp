// The thread `flush`: does what has to wait for the disk, one thing after the other, so that nobody else
// does. A disk may take seconds for a sync, and one that dies takes for ever: signals are answered all the
// same.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace scops {

class Flusher {
 public:
  Flusher();
  // Waits for what is being done; see wait().
  ~Flusher() = default;
  Flusher(const Flusher&) = delete;
  Flusher& operator=(const Flusher&) = delete;

  // Is there nothing to be done?
  [[nodiscard]] bool idle();
  // Does `work` after what is being done; what was asked before and has not begun is dropped. Returns at
  // once.
  void ask(std::function<void()> work);
  // Until all is done; false at the deadline: then the thread still uses what `work` uses.
  [[nodiscard]] bool wait(std::chrono::steady_clock::time_point deadline);

 private:
  void run(const std::stop_token& stop);

  std::mutex mutex_;  // guards the two below
  std::condition_variable_any changed_;
  std::function<void()> next_;
  bool busy_ = false;

  std::jthread thread_;  // last: it uses the rest
};

}  // namespace scops
