#include "agent/input.hpp"

#include "core/runtime/log.hpp"
#include "core/runtime/stop.hpp"

namespace scops {

void Input::start() {
  thread = std::jthread([this](const std::stop_token& stop) {
    name_thread("in-" + schedule->state().name);
    if (draining != nullptr) draining->stop_with(stop);
    schedule->run(stop);
    if (draining != nullptr) {
      draining->close();
      schedule->capture();
    }
    ended.release();
  });
}

bool Input::wait(std::chrono::steady_clock::time_point deadline) {
  if (ended.try_acquire_until(deadline)) return true;
  log::warn("collect", "left_behind", {{"collector", schedule->state().name}});
  return false;
}

}  // namespace scops
