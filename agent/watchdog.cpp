#include "agent/watchdog.hpp"

#include <fmt/format.h>

#include <limits>

#include "core/runtime/log.hpp"

namespace scops {

const Dispatcher* hung_dispatcher(Dispatchers dispatchers, std::int64_t now, Duration patience) {
  for (const auto& dispatcher : dispatchers) {
    if (now - dispatcher->promised() > patience.count()) return dispatcher.get();
  }
  return nullptr;
}

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
  const std::int64_t now = clock_.steady();
  const Dispatcher* const hung = hung_dispatcher(dispatchers, now, notify_.watchdog());
  if (hung == nullptr) return true;
  log::error("dispatch", "stuck",
             {{"output", hung->name()},
              {"seconds", fmt::format("{}", (now - hung->promised()) / 1000)},
              {"effect", "the watchdog of systemd restarts the agent"}});
  notify_.status(fmt::format("The thread of output {} hangs", hung->name()));
  return false;
}

}  // namespace scops
