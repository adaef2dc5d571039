// How the agent ends: within 5 s whatever hangs, with all that it has collected where the next start finds
// it.
//
//   captures end -> last flush -> queues are drained once more -> each output sends once more -> the buffer
//   is closed
//
// A thread that does not end in its time is left behind, and the process ends without it.
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "agent/app.hpp"
#include "core/runtime/log.hpp"

namespace scops {

namespace {

// What does not come back from its capture, or its last round of draining, within this is left behind.
constexpr Duration capture_grace{1000};
constexpr Duration drain_grace{2500};

// The last sends wait so long for the last flush. A disk that takes longer has its bytes by then, if not on
// its platters.
constexpr Duration flush_grace{3200};

// All of a stop: the last sends, what cutting a request takes (a thread of an output that has not even ended
// then is left behind), closing the buffer. A supervisor's patience may be 5 s.
constexpr Duration stop_time{3600};
constexpr Duration cutting_time{800};
constexpr Duration close_time{4600};

// What was not done in time.
std::string join_late(bool drained, bool sent, bool closed) {
  std::vector<std::string_view> late;
  if (!drained) late.emplace_back("an input");
  if (!sent) late.emplace_back("an output");
  if (!closed) late.emplace_back("the buffer");
  return fmt::format("{}", fmt::join(late, ", "));
}

}  // namespace

// False: one hangs.
bool App::wait_for(bool draining, std::chrono::steady_clock::time_point deadline) {
  bool all = true;
  for (const auto& input : inputs_) {
    if ((input->draining != nullptr) == draining) all = input->wait(deadline) && all;
  }
  return all;
}

// False: one hangs.
bool App::close_dispatchers(Duration at_most) {
  for (const auto& dispatcher : dispatchers_) dispatcher->close(at_most);
  bool all = true;
  for (const auto& dispatcher : dispatchers_) {
    const bool ended = dispatcher->join(cutting_time);
    if (!ended) log::warn("dispatch", "left_behind", {{"output", dispatcher->name()}});
    all = all && ended;
  }
  return all;
}

// In the thread `flush`.
void App::close_buffer(bool nobody_uses_it) {
  if (!flushed_) flush(true);  // it was asked for while the flush before it took its time
  if (nobody_uses_it) {
    buffer_.reset();
  } else {
    buffer_->store_held();
  }
}

int App::stop() {
  const auto began = std::chrono::steady_clock::now();
  for (const auto& input : inputs_) input->thread.request_stop();
  const bool captured = wait_for(false, began + capture_grace);
  flusher_.ask([this] {
    flush(true);
    flushed_ = true;
  });
  const bool flushed = flusher_.wait(began + flush_grace);
  const bool drained = wait_for(true, began + drain_grace);
  const auto left =
      std::chrono::duration_cast<Duration>(began + stop_time - std::chrono::steady_clock::now());
  const bool sent = close_dispatchers(flushed ? left : Duration(0));
  http_.reset();
  // A thread that hangs in its capture still uses the pipeline, one that hangs in a drain or in a send the
  // buffer too, the flush all of it: nothing that it can reach may be destroyed under it.
  const bool ended = captured && drained && sent && flushed;
  if (ended) {
    dispatchers_.clear();
    inputs_.clear();
  }
  const bool unused = drained && sent;
  const std::uint64_t held = buffer_->stats().held;
  flusher_.ask([this, unused] { close_buffer(unused); });
  // What is not closed in time is found as after a kill.
  const bool closed = flusher_.wait(began + close_time);
  if (!unused || !closed) {
    log::warn("agent", "buffer_left_open",
              {{"late", join_late(drained, sent, closed)},
               {"held_blocks", std::to_string(closed ? buffer_->stats().held : held)}});
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
  log::info("agent", "stopped", {{"milliseconds", fmt::format("{:.0f}", took.count())}});
  if (ended && closed) return 0;
  std::_Exit(0);
}

}  // namespace scops
