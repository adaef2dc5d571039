#include "core/runtime/timeline.hpp"

#include <algorithm>

namespace scops {

namespace {

constexpr TimeMs day = 86'400'000;
constexpr TimeMs ahead_max = 1000;  // of the present: what a clock may be off without having been wrong

struct Reading {
  TimeMs wall = 0;
  std::int64_t boot = 0;
};

// A thread that is put to sleep between the two clocks must not see a step that was none.
Reading read(const Clock& clock) {
  constexpr std::int64_t at_once = 20;
  Reading reading;
  for (int attempt = 0; attempt < 5; ++attempt) {
    const std::int64_t before = clock.boot();
    reading.wall = clock.wall();
    reading.boot = clock.boot();
    if (reading.boot - before <= at_once) break;
  }
  return reading;
}

// What makes times of an offset those of `right`. A clock that was kept right and then jumped ahead was not
// wrong before: a virtual machine stood still, or it is wrong now. Never whole seconds: what is dated anew
// must not be taken for something else that came at a whole second by the new clock.
TimeMs shift_to(TimeMs right, const Stamp& stamp) {
  if (!stepped(stamp.offset, right)) return 0;
  const TimeMs shift = right - stamp.offset;
  if ((shift > 0 && stamp.sure) || (stamp.theirs && stamp.set)) return 0;
  return shift % 1000 == 0 ? shift - 1 : shift;
}

// Its age is certain, whatever the wall clock says or said.
Timeline::Date of_this_boot(const Timeline::Now& now, const Stamp& stamp, TimeMs newest, TimeMs ttl) {
  Timeline::Date date = {.shift = shift_to(now.stamp.offset, stamp)};
  const TimeMs age = now.since_boot - (newest - stamp.offset);
  if (age > ttl) {
    date.verdict = Timeline::Verdict::old;
  } else if (!now.stamp.set) {
    date.verdict = Timeline::Verdict::held;
  }
  return date;
}

}  // namespace

Timeline::Timeline(const Clock& clock, std::uint32_t boot, TimeMs plausible_since)
    : clock_(clock), boot_(boot), plausible_since_(plausible_since) {
  const Reading reading = read(clock);
  offset_ = reading.wall - reading.boot;
}

Timeline::Now Timeline::now() const {
  const Reading reading = read(clock_);
  const TimeMs offset = reading.wall - reading.boot;
  TimeMs known = offset_;
  if (stepped(known, offset)) offset_ = known = offset;
  const bool set = reading.wall >= plausible_since_;
  return {.wall = reading.wall,
          .since_boot = reading.boot,
          .stamp = {.boot = boot_, .offset = known, .set = set, .sure = set && clock_.synchronised()}};
}

Timeline::Date Timeline::date(const Now& now, const Stamp& stamp, TimeMs newest, TimeMs ttl) const {
  newest = std::clamp(newest, -farthest_time, farthest_time);
  return stamp.boot != 0 && stamp.boot == boot_ ? of_this_boot(now, stamp, newest, ttl)
                                                : of_another_boot(now, stamp, newest, ttl);
}

// Its age is what the wall clock says, then and now. While nobody vouches for the clock of now, it is only
// certain that the records are older than this boot.
Timeline::Date Timeline::of_another_boot(const Now& now, const Stamp& stamp, TimeMs newest,
                                         TimeMs ttl) const {
  Date date;
  if (stamp.boot != 0) {
    const std::scoped_lock lock(mutex_);
    const auto right = right_.find(stamp.boot);
    if (right != right_.end()) {
      date.shift = shift_to(right->second, stamp);
    } else if (!stamp.set) {
      return {.verdict = Verdict::undated};
    }
  }
  const TimeMs age = now.wall - (newest + date.shift);
  if (!now.stamp.set) {
    date.verdict = Verdict::held;
  } else if (age > ttl) {
    const bool certain = now.stamp.sure || now.since_boot > ttl || stamp.boot == 0;
    date.verdict = certain ? Verdict::old : Verdict::held;
  } else if (-age > ahead_max && stamp.boot != 0 && !stamp.theirs) {
    date.verdict = now.stamp.sure && -age > day ? Verdict::undated : Verdict::held;
  }
  return date;
}

void Timeline::remember(std::uint32_t boot, TimeMs offset) {
  const std::scoped_lock lock(mutex_);
  right_[boot] = offset;
}

}  // namespace scops
