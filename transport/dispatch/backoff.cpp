#include "transport/dispatch/backoff.hpp"

#include <algorithm>

namespace scops {

Backoff::Backoff(Duration min, Duration max, std::uint64_t seed)
    : min_(std::max(min, Duration(1))), max_(std::max(max, min_)), state_(seed) {}

Duration Backoff::failed() { return below(next_ceiling(min_)); }

Duration Backoff::throttled(Duration retry_after) {
  const Duration asked = std::clamp(retry_after, Duration(0), longest_retry_after);
  return asked + failed();
}

// Minutes soon, but not for the first one: a gateway's hiccup must not silence a board for long.
Duration Backoff::hopeless() {
  const Duration ceiling = next_ceiling(16 * min_);
  return ceiling / 2 + below(ceiling - ceiling / 2);
}

Duration Backoff::next_ceiling(Duration first) {
  Duration ceiling = first;
  for (std::uint32_t i = 0; i < failures_ && ceiling < max_; ++i) ceiling *= 2;
  ++failures_;
  return std::min(ceiling, max_);
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
