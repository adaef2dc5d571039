// How long to wait after a failure: anywhere between 0 and a ceiling that doubles with each failure in a row
// (full jitter), so that a fleet cut off together does not come back together. Pure: all chance is in the
// seed.
#pragma once

#include <cstdint>

#include "core/config/option.hpp"

namespace scops {

// A peer may not silence us for longer than this with Retry-After.
inline constexpr Duration longest_retry_after{3'600'000};

class Backoff {
 public:
  Backoff(Duration min, Duration max, std::uint64_t seed);

  // One more failure.
  [[nodiscard]] Duration failed();
  // One more failure, with an answer that asks for at least `retry_after`: that, and the usual wait on top.
  // So a fleet that is told the same does not come back together, and a gateway that says 1 again and again
  // is not asked each second for hours.
  [[nodiscard]] Duration throttled(Duration retry_after);
  // A failure that only a person can mend: between half and all of a ceiling that starts 16 times as high.
  [[nodiscard]] Duration hopeless();
  void succeeded() { failures_ = 0; }

  // In a row.
  [[nodiscard]] std::uint32_t failures() const { return failures_; }

 private:
  [[nodiscard]] Duration next_ceiling(Duration first);
  [[nodiscard]] Duration below(Duration ceiling);

  Duration min_;
  Duration max_;
  std::uint64_t state_;
  std::uint32_t failures_ = 0;
};

}  // namespace scops
