// The clocks, behind one interface so that tests bring their own. All values are milliseconds.
#pragma once

#include <cstdint>

#include "core/model/metric.hpp"

namespace scops {

class Clock {
 public:
  virtual ~Clock() = default;
  // CLOCK_REALTIME: may be wrong and may step.
  [[nodiscard]] virtual TimeMs wall() const = 0;
  // CLOCK_MONOTONIC: for deadlines and schedules; stands still during suspend.
  [[nodiscard]] virtual std::int64_t steady() const = 0;
  // CLOCK_BOOTTIME: as steady, but counts suspend too.
  [[nodiscard]] virtual std::int64_t boot() const = 0;
  // Does the kernel say that somebody (NTP, PTP) keeps the wall clock right? False where it does not tell.
  [[nodiscard]] virtual bool synchronised() const { return false; }
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimeMs wall() const override;
  [[nodiscard]] std::int64_t steady() const override;
  [[nodiscard]] std::int64_t boot() const override;
  [[nodiscard]] bool synchronised() const override;
};

}  // namespace scops
