// The distance between the requests of one output, whatever they carry: rate_max of them a second.
#pragma once

#include <cstdint>

namespace scops {

class Pace {
 public:
  explicit Pace(std::int64_t rate_max) : distance_(1000 / rate_max) {}

  // Steady time; no request may leave before.
  [[nodiscard]] std::int64_t earliest() const { return earliest_; }
  // A request leaves now.
  void requested(std::int64_t steady) { earliest_ = steady + distance_; }
  // The next one need not keep its distance.
  void hurry() { earliest_ = 0; }

 private:
  const std::int64_t distance_;  // milliseconds
  std::int64_t earliest_ = 0;
};

}  // namespace scops
