#include "agent/flusher.hpp"

#include <utility>

#include "core/runtime/stop.hpp"

namespace scops {

Flusher::Flusher() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

bool Flusher::idle() {
  const std::lock_guard lock(mutex_);
  return !busy_ && !next_;
}

void Flusher::ask(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
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
  while (changed_.wait(lock, stop, [this] { return static_cast<bool>(next_); })) {
    busy_ = true;
    const std::function<void()> work = std::exchange(next_, nullptr);
    lock.unlock();
    work();
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

}  // namespace scops
