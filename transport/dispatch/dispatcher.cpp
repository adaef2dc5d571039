#include "transport/dispatch/dispatcher.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "core/runtime/log.hpp"
#include "core/runtime/stop.hpp"

namespace scops {

namespace {

constexpr Duration cutting{300};  // what a request in flight takes to end once it is cut

}  // namespace

Dispatcher::Dispatcher(std::string name, std::unique_ptr<Output> output, DeliveryContext context)
    : name_(std::move(name)),
      output_(std::move(output)),
      immediate_(output_->limits(Kind::metrics).immediate || output_->limits(Kind::logs).immediate),
      settings_(context.settings),
      clock_(context.clock),
      pace_(settings_.rate_max),
      metrics_(name_, Kind::metrics, *output_, pace_, context),
      logs_(name_, Kind::logs, *output_, pace_, std::move(context)),
      turns_{Turn{&metrics_}, Turn{&logs_}},
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Dispatcher::wake() {
  if (!immediate_) return;
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

void Dispatcher::close(Duration at_most) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(closing_, true)) return;
  deadline_ = clock_.steady() + std::max(Duration(0), std::min(settings_.grace, at_most)).count();
  changed_.notify_all();
}

bool Dispatcher::join() {
  std::unique_lock lock(mutex_);
  const auto ended = [this] { return ended_; };
  if (!changed_.wait_for(lock, until(deadline_), ended)) {
    thread_.request_stop();
    if (!changed_.wait_for(lock, cutting, ended)) return false;
  }
  lock.unlock();
  if (thread_.joinable()) thread_.join();
  return true;
}

void Dispatcher::run(const std::stop_token& stop) {
  name_thread("out-" + name_);
  std::int64_t due = take_turn(stop);
  while (wait_until(due, stop)) due = take_turn(stop);
  if (!stop.stop_requested()) send_last(stop);
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

// Steps the delivery that has been due longest; of equals, the one whose turn was longer ago. Returns when
// the next turn is.
std::int64_t Dispatcher::take_turn(const std::stop_token& stop) {
  const auto sooner = [](const Turn& a, const Turn& b) { return a.due < b.due; };
  auto* const turn = std::min_element(turns_.begin(), turns_.end(), sooner);
  turn->due = step(*turn->delivery, request_timeout(settings_), stop);
  std::rotate(turn, turn + 1, turns_.end());
  return std::min_element(turns_.begin(), turns_.end(), sooner)->due;
}

// The top of the thread as far as exceptions go: an output that throws loses a turn, not its thread.
std::int64_t Dispatcher::step(Delivery& delivery, Duration timeout, const std::stop_token& stop) {
  try {
    return delivery.step(timeout, stop);
  } catch (const std::exception& e) {
    log::error("dispatch", "step_failed", {{"output", name_}, {"error", e.what()}});
    return clock_.steady() + settings_.backoff_max.count();
  }
}

// False when the thread is to end.
bool Dispatcher::wait_until(std::int64_t due, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, until(due), [this] { return woken_ || closing_; });
  if (std::exchange(woken_, false)) {
    for (Turn& turn : turns_) {
      turn.delivery->wake();
      turn.due = 0;  // look
    }
  }
  return !closing_ && !stop.stop_requested();
}

// Those whose intake was well come first: one that hangs may use up the grace time of both.
void Dispatcher::send_last(const std::stop_token& stop) {
  std::array<Delivery*, 2> order = {&metrics_, &logs_};
  std::stable_partition(order.begin(), order.end(), [](const Delivery* one) { return !one->failing(); });
  std::unique_lock lock(mutex_);
  const std::int64_t deadline = deadline_;
  lock.unlock();
  for (Delivery* delivery : order) {
    const Duration grace = until(deadline);
    if (grace == Duration(0) || stop.stop_requested()) return;
    delivery->hurry();
    (void)step(*delivery, grace, stop);
  }
}

Duration Dispatcher::until(std::int64_t steady) const {
  return std::max(Duration(0), Duration(steady - clock_.steady()));
}

}  // namespace scops
