#include "transport/dispatch/release.hpp"

#include <cstdint>

namespace scops {

Duration release_offset(std::string_view host, Duration interval) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a: stable across builds, unlike std::hash
  for (const char byte : host) {
    hash = (hash ^ static_cast<std::uint8_t>(byte)) * 1099511628211U;
  }
  return Duration(static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(interval.count())));
}

Duration until_release(TimeMs wall, Duration interval, Duration offset) {
  const std::int64_t period = interval.count();
  // Both remainders before the difference: no overflow for any wall time; then up from (-2p, p) to [0, p).
  const std::int64_t passed = ((wall % period - offset.count() % period) % period + period) % period;
  return Duration(period - passed);
}

}  // namespace scops
