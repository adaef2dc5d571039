#include "agent/flusher.hpp"

#include <utility>

#include "core/runtime/stop.hpp"

namespace scops {

Flusher::Flusher() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Flusher::repeat(Turn turn) {
  const std::lock_guard lock(mutex_);
  turn_ = std::move(turn);
  repeating_ = true;
  changed_.notify_all();
}

void Flusher::ask(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  repeating_ = false;
  next_ = std::move(work);
  changed_.notify_all();
}

bool Flusher::wait(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [this] { return !busy_ && !next_; });
}

void Flusher::run(const std::stop_token& stop) {
  name_thread("flush");
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return repeating_ || next_; })) {
    take_turns(lock, stop);
    if (!next_) continue;
    busy_ = true;
    const std::function<void()> work = std::exchange(next_, nullptr);
    lock.unlock();
    work();
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

// Until something is asked.
void Flusher::take_turns(std::unique_lock<std::mutex>& lock, const std::stop_token& stop) {
  while (repeating_ && !stop.stop_requested()) {
    busy_ = true;
    lock.unlock();
    const std::chrono::milliseconds pause = turn_();
    lock.lock();
    busy_ = false;
    changed_.notify_all();
    changed_.wait_for(lock, stop, pause, [this] { return !repeating_; });
  }
  repeating_ = false;
}

}  // namespace scops
