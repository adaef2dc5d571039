// What the clocks tell about the time of records that were stamped earlier: in this boot by a wall clock that
// has stepped since, or in a boot before. Records of this boot are known by CLOCK_BOOTTIME, which never
// steps; the wall clock as it is now is the best guess of what it should have said. docs/time.md has the
// rules. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>

#include "core/model/stamp.hpp"
#include "core/runtime/clock.hpp"

namespace scops {

class Timeline {
 public:
  // `boot` is the tag of this boot, 0 where there is none; a wall clock before `plausible_since` has not been
  // set yet. `clock` outlives this.
  Timeline(const Clock& clock, std::uint32_t boot, TimeMs plausible_since);

  // All clocks at one moment.
  struct Now {
    TimeMs wall = 0;
    std::int64_t since_boot = 0;  // CLOCK_BOOTTIME
    Stamp stamp = {};             // what is stamped now
  };
  [[nodiscard]] Now now() const;
  [[nodiscard]] Stamp stamp() const { return now().stamp; }

  enum class Verdict : std::uint8_t {
    ready,    // to be sent
    held,     // not to be sent just now: the clock has to be set, or to catch up
    old,      // older than its time to live
    undated,  // of an earlier boot whose clock was never right as far as we know: nobody can ever date it
  };
  struct Date {
    Verdict verdict = Verdict::ready;
    TimeMs shift = 0;  // what to add to the times of the records
  };
  // Of records of which the youngest is `newest` by `stamp`, and which live for `ttl` milliseconds.
  [[nodiscard]] Date date(const Now& now, const Stamp& stamp, TimeMs newest, TimeMs ttl) const;

  // The offset that `boot` had when its clock was right, as far as known; other boots have none.
  void remember(std::uint32_t boot, TimeMs offset);

 private:
  [[nodiscard]] Date of_another_boot(const Now& now, const Stamp& stamp, TimeMs newest, TimeMs ttl) const;

  const Clock& clock_;
  const std::uint32_t boot_;
  const TimeMs plausible_since_;
  mutable std::atomic<TimeMs> offset_;  // changes by steps only
  mutable std::mutex mutex_;
  std::map<std::uint32_t, TimeMs> right_;  // by boot
};

}  // namespace scops
