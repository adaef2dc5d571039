// A clock that stands still until the test moves it. May be read and set from any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/runtime/clock.hpp"

namespace scops::test {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(TimeMs wall = 1'700'000'000'000) : wall_(wall) {}

  [[nodiscard]] TimeMs wall() const override { return wall_; }
  [[nodiscard]] std::int64_t steady() const override { return steady_; }
  [[nodiscard]] std::int64_t boot() const override { return boot_; }
  [[nodiscard]] bool synchronised() const override { return synchronised_; }

  // Time goes by: all three clocks move on.
  void advance(std::int64_t milliseconds) {
    wall_ += milliseconds;
    steady_ += milliseconds;
    boot_ += milliseconds;
  }
  // The board was suspended: the monotonic clock stands still.
  void suspend(std::int64_t milliseconds) {
    wall_ += milliseconds;
    boot_ += milliseconds;
  }
  // Somebody sets the wall clock.
  void set_wall(TimeMs wall) { wall_ = wall; }
  void set_synchronised(bool synchronised) { synchronised_ = synchronised; }
  void set_steady(std::int64_t steady) { steady_ = steady; }
  void set_boot(std::int64_t boot) { boot_ = boot; }

 private:
  std::atomic<TimeMs> wall_;
  std::atomic<std::int64_t> steady_{1'000'000};
  std::atomic<std::int64_t> boot_{1'000'000};
  std::atomic<bool> synchronised_{false};
};

}  // namespace scops::test
