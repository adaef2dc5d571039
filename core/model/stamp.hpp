// By which clock the times of some records were taken. It travels with their block, so that they can be dated
// anew when the wall clock turns out to have been wrong (docs/time.md).
#pragma once

#include <cstdint>

#include "core/model/metric.hpp"

namespace scops {

struct Stamp {
  std::uint32_t boot = 0;  // a short tag of the boot; 0: unknown, the times are taken as they are
  TimeMs offset = 0;       // the wall clock less CLOCK_BOOTTIME
  bool set = false;        // the wall clock had been set: it was after the agent's build date
  bool sure = false;       // set, and the kernel called it synchronised
  bool theirs = false;     // the times are applications' own: a clock that was set does not change them

  bool operator==(const Stamp&) const = default;
};

// The year 9999. What comes from outside and lies beyond it, or beyond its mirror image before 1970, is taken
// for it, so that no sum of times overflows.
inline constexpr TimeMs farthest_time = 253'402'300'799'000;

// Offsets that are nearer to each other are one: two clocks are read one after the other.
inline constexpr TimeMs same_offset = 500;

[[nodiscard]] constexpr bool stepped(TimeMs from, TimeMs to) {
  return to - from >= same_offset || from - to >= same_offset;
}

}  // namespace scops
