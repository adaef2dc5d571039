#include "core/runtime/clock.hpp"

#include <sys/timex.h>

#include <ctime>

namespace scops {

namespace {

std::int64_t milliseconds(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

TimeMs SystemClock::wall() const { return milliseconds(CLOCK_REALTIME); }
std::int64_t SystemClock::steady() const { return milliseconds(CLOCK_MONOTONIC); }
std::int64_t SystemClock::boot() const { return milliseconds(CLOCK_BOOTTIME); }

// A question only: no mode is set, so it needs no right. A seccomp filter may refuse it all the same.
bool SystemClock::synchronised() const {
  timex state{};
  return ::adjtimex(&state) >= 0 && (static_cast<unsigned>(state.status) & STA_UNSYNC) == 0U;
}

}  // namespace scops
