#include "core/runtime/clock.hpp"

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

}  // namespace scops
