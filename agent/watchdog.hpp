// Tells systemd that the agent lives, for as long as the main thread, which calls this, and the one of each
// output do. A thread of an output is dead when it is later than it has promised (a request's timeout, the
// next release) by systemd's whole patience, WatchdogSec. Others that hang are not: a collector costs only
// itself, and behind the thread `flush` hangs a disk, which a restart would not mend; what memory holds is
// sent. Without systemd, or without WatchdogSec, only ready and stopping are told. Main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "agent/notify.hpp"
#include "core/runtime/clock.hpp"
#include "transport/dispatch/dispatcher.hpp"

namespace scops {

using Dispatchers = std::span<const std::unique_ptr<Dispatcher>>;

// The one whose thread is later than it has promised by more than `patience`, at the steady time `now`; null
// when there is none. An intake that is away is no such case: waiting for it is promised too. Any thread.
[[nodiscard]] const Dispatcher* hung_dispatcher(Dispatchers dispatchers, std::int64_t now, Duration patience);

class Watchdog {
 public:
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
