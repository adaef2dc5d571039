#include "agent/watchdog.hpp"

#include <fmt/format.h>

#include <limits>

#include "core/runtime/log.hpp"

namespace scops {

void Watchdog::started(std::string_view what) {
  notify_.ready();
  notify_.status(what);
  if (notify_.watchdog() <= Duration(0)) due_ = std::numeric_limits<std::int64_t>::max();
}

std::int64_t Watchdog::turn(Dispatchers dispatchers) {
  const std::int64_t now = clock_.steady();
  if (now < due_) return due_;
  if (all_alive(dispatchers)) notify_.alive();
  return due_ = now + notify_.watchdog().count() / 2;  // as sd_watchdog_enabled(3) says
}

void Watchdog::stopping() const {
  notify_.stopping();
  if (notify_.watchdog() > Duration(0)) notify_.alive();
}

bool Watchdog::all_alive(Dispatchers dispatchers) const {
  for (const auto& dispatcher : dispatchers) {
    const std::int64_t late = clock_.steady() - dispatcher->promised();
    if (late <= notify_.watchdog().count()) continue;
    log::error("dispatch", "stuck",
               {{"output", dispatcher->name()},
                {"seconds", fmt::format("{}", late / 1000)},
                {"effect", "the watchdog of systemd restarts the agent"}});
    notify_.status(fmt::format("The thread of output {} hangs", dispatcher->name()));
    return false;
  }
  return true;
}

}  // namespace scops
