#include "transport/dispatch/backoff.hpp"

#include <algorithm>

namespace scops {

Backoff::Backoff(Duration min, Duration max, std::uint64_t seed)
    : min_(std::max(min, Duration(1))), max_(std::max(max, min_)), state_(seed) {}

Duration Backoff::failed() {
  Duration ceiling = min_;
  for (std::uint32_t i = 0; i < failures_ && ceiling < max_; ++i) ceiling *= 2;
  ++failures_;
  return below(std::min(ceiling, max_));
}

Duration Backoff::throttled(Duration retry_after) {
  const Duration asked = std::clamp(retry_after, Duration(0), longest_retry_after);
  return asked > Duration(0) ? asked + std::min(failed(), asked) : failed();
}

Duration Backoff::hopeless() {
  ++failures_;
  return max_ / 2 + below(max_ - max_ / 2);
}

// splitmix64: small, and good from any seed, also 0.
Duration Backoff::below(Duration ceiling) {
  state_ += 0x9e3779b97f4a7c15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  mixed ^= mixed >> 31U;
  return Duration(static_cast<std::int64_t>(mixed % (static_cast<std::uint64_t>(ceiling.count()) + 1)));
}

}  // namespace scops
