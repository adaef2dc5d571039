// Tells systemd that the agent lives, for as long as every thread without which nothing is delivered does:
// the main thread, which calls this, and the one of each output. A thread of an output is dead when it is
// later than it has promised (a request's timeout, the next release) by systemd's whole patience,
// WatchdogSec. A collector that hangs is not: it costs only itself. Without systemd, or without WatchdogSec,
// only ready and stopping are told. Main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "agent/notify.hpp"
#include "core/runtime/clock.hpp"
#include "transport/dispatch/dispatcher.hpp"

namespace scops {

class Watchdog {
 public:
  using Dispatchers = std::span<const std::unique_ptr<Dispatcher>>;

  // Before there are threads. `clock` outlives it.
  explicit Watchdog(const Clock& clock) : clock_(clock) {}

  // The agent runs; `what` is shown by `systemctl status`.
  void started(std::string_view what);
  // Tells, if it is time to. Returns the steady time at which to call again.
  std::int64_t turn(Dispatchers dispatchers);
  void stopping() const;

 private:
  [[nodiscard]] bool all_alive(Dispatchers dispatchers) const;

  const Clock& clock_;
  const Notify notify_;
  std::int64_t due_ = 0;  // steady
};

}  // namespace scops
