// The thread `flush`: does what has to wait for the disk, one thing after the other, so that nobody else
// does: the flush at the end of each window, in its own time, and at the end what stopping asks for. A disk
// may take seconds for a sync, and one that dies takes for ever: signals are answered all the same.
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

  // Once: calls `turn` again and again, each time after as long as it returned last. Returns at once.
  using Turn = std::function<std::chrono::milliseconds()>;
  void repeat(Turn turn);
  // Does `work` after what is being done, and no further turn; what was asked before and has not begun is
  // dropped. Returns at once.
  void ask(std::function<void()> work);
  // Until all is done; false at the deadline: then the thread still uses what `work` uses.
  [[nodiscard]] bool wait(std::chrono::steady_clock::time_point deadline);

 private:
  void run(const std::stop_token& stop);
  void take_turns(std::unique_lock<std::mutex>& lock, const std::stop_token& stop);

  std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  Turn turn_;  // stays where it is once it has begun
  bool repeating_ = false;
  std::function<void()> next_;
  bool busy_ = false;

  std::jthread thread_;  // last: it uses the rest
};

}  // namespace scops
