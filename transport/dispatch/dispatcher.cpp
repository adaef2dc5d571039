#include "transport/dispatch/dispatcher.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "core/runtime/log.hpp"
#include "core/runtime/stop.hpp"

namespace scops {

Dispatcher::Dispatcher(std::string name, std::unique_ptr<Output> output, DeliveryContext context)
    : name_(std::move(name)),
      output_(std::move(output)),
      immediate_(output_->limits().immediate),
      settings_(context.settings),
      clock_(context.clock),
      delivery_(name_, *output_, std::move(context)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Dispatcher::wake() {
  if (!immediate_) return;
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

void Dispatcher::close() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(closing_, true)) return;
  deadline_ = clock_.steady() + settings_.grace.count();
  changed_.notify_all();
}

void Dispatcher::join() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, until(deadline_), [this] { return ended_; });
  }
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Dispatcher::run(const std::stop_token& stop) {
  name_thread("out-" + name_);
  std::int64_t due = step(request_timeout(settings_), stop);
  while (wait_until(due, stop)) due = step(request_timeout(settings_), stop);
  if (!stop.stop_requested()) send_last(stop);
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

// The top of the thread as far as exceptions go: an output that throws loses a turn, not its thread.
std::int64_t Dispatcher::step(Duration timeout, const std::stop_token& stop) {
  try {
    return delivery_.step(timeout, stop);
  } catch (const std::exception& e) {
    log::error("dispatch", "step_failed", {{"output", name_}, {"error", e.what()}});
    return clock_.steady() + settings_.backoff_max.count();
  }
}

// False when the thread is to end.
bool Dispatcher::wait_until(std::int64_t due, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, until(due), [this] { return woken_ || closing_; });
  if (std::exchange(woken_, false)) delivery_.wake();
  return !closing_ && !stop.stop_requested();
}

void Dispatcher::send_last(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const Duration grace = until(deadline_);
  lock.unlock();
  if (grace == Duration(0)) return;
  delivery_.hurry();
  (void)step(grace, stop);
}

Duration Dispatcher::until(std::int64_t steady) const {
  return std::max(Duration(0), Duration(steady - clock_.steady()));
}

}  // namespace scops
