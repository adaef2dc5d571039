#include "core/runtime/timeline.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "tests/support/fake_clock.hpp"

using namespace scops;
using scops::test::FakeClock;
using Verdict = Timeline::Verdict;

namespace {

constexpr TimeMs hour = 3'600'000;
constexpr TimeMs ttl = 4 * hour;
constexpr TimeMs built = 1'600'000'000'000;
constexpr TimeMs today = 1'700'000'000'000;
constexpr std::uint32_t this_boot = 7;

// Records stamped now.
struct Taken {
  Stamp stamp;
  TimeMs time = 0;
};

struct Board {
  explicit Board(TimeMs wall) : clock(wall) {}
  FakeClock clock;
  Timeline timeline{clock, this_boot, built};

  [[nodiscard]] Taken take() const {
    const Timeline::Now now = timeline.now();
    return {now.stamp, now.wall};
  }
  [[nodiscard]] Timeline::Date date(const Taken& taken) const {
    return timeline.date(timeline.now(), taken.stamp, taken.time, ttl);
  }
  [[nodiscard]] TimeMs right_time(const Taken& taken) const { return taken.time + date(taken).shift; }
  [[nodiscard]] Verdict verdict(const Taken& taken) const { return date(taken).verdict; }
};

// But for the millisecond that makes it no whole second.
bool near(TimeMs one, TimeMs other) { return one - other <= 1 && other - one <= 1; }

// By the clock of another boot, which said `time`.
Taken of_boot(std::uint32_t boot, TimeMs time, bool set = true) {
  return {{.boot = boot, .offset = time - 1000, .set = set}, time};
}

}  // namespace

TEST_CASE("records of 1970 are held until the clock is set, and then get their true times", "[time]") {
  Board board(60'000);
  const Taken taken = board.take();
  CHECK_FALSE(taken.stamp.set);
  CHECK(board.verdict(taken) == Verdict::held);
  board.clock.advance(hour);
  CHECK(board.verdict(taken) == Verdict::held);
  board.clock.set_wall(today);
  CHECK(board.verdict(taken) == Verdict::ready);
  CHECK(near(board.right_time(taken), today - hour));
  board.clock.advance(3 * hour + 1000);
  CHECK(board.verdict(taken) == Verdict::old);
}

TEST_CASE("records follow the steps of the clock, by seconds or years", "[time]") {
  Board board(today);
  const Taken taken = board.take();
  for (const TimeMs step : {TimeMs{-3000}, TimeMs{5000}, -hour, hour, -9000 * hour, 90'000 * hour}) {
    board.clock.advance(1000);
    const std::int64_t age = board.clock.boot() - (taken.time - taken.stamp.offset);
    board.clock.set_wall(today + age + step);
    INFO(step);
    CHECK(board.verdict(taken) == Verdict::ready);  // their age is known
    CHECK(near(board.right_time(taken), today + step));
    CHECK(board.right_time(taken) <= board.clock.wall());
    CHECK(board.date(taken).shift % 1000 != 0);
  }
  board.clock.set_wall(today + 6000);
  CHECK(board.date(taken).shift == 0);
}

TEST_CASE("a leap second, slewing and suspend date nothing wrong", "[time]") {
  Board board(today);
  const Taken taken = board.take();
  board.clock.suspend(3 * hour);
  CHECK(board.date(taken).shift == 0);
  CHECK(board.verdict(taken) == Verdict::ready);
  board.clock.set_wall(board.clock.wall() + 300);
  CHECK(board.date(taken).shift == 0);
  board.clock.set_wall(board.clock.wall() - 1300);  // the leap
  CHECK(near(board.right_time(taken), today - 1000));
}

TEST_CASE("a clock that the kernel vouched for was right before it jumped ahead", "[time]") {
  Board board(today);
  board.clock.set_synchronised(true);
  const Taken taken = board.take();
  CHECK(taken.stamp.sure);
  board.clock.set_wall(today + hour);  // a virtual machine stood still
  CHECK(board.date(taken).shift == 0);
  board.clock.set_wall(today - hour);  // else these would be from the future
  CHECK(near(board.right_time(taken), today - hour));
}

TEST_CASE("applications' own times are only changed by a clock that had not been set", "[time]") {
  Board board(today);
  Taken taken = board.take();
  taken.stamp.theirs = true;
  board.clock.set_wall(today - hour);
  CHECK(board.date(taken).shift == 0);
  CHECK(board.verdict(taken) == Verdict::ready);
  board.clock.set_wall(today + 9000 * hour);
  CHECK(board.verdict(taken) == Verdict::ready);  // not old: it came a moment ago
  taken.stamp.set = false;
  CHECK(near(board.right_time(taken), today + 9000 * hour));
}

TEST_CASE("records of an earlier boot are dated by what that boot knew at its end", "[time]") {
  Board board(today);
  const Taken lost = of_boot(3, 60'000, false);
  CHECK(board.verdict(lost) == Verdict::undated);
  board.timeline.remember(3, today - 2 * hour);  // it began then, and this came a second later
  CHECK(board.verdict(lost) == Verdict::ready);
  CHECK(near(board.right_time(lost), today - 2 * hour + 1000));
  // One whose clock was right from the start needs no help.
  CHECK(board.date(of_boot(4, today - hour)).shift == 0);
  CHECK(board.verdict(of_boot(4, today - hour)) == Verdict::ready);
}

TEST_CASE("a clock of which nobody is sure throws nothing of an earlier boot away", "[time]") {
  Board board(60'000);
  const Taken earlier = of_boot(4, today - hour);
  CHECK(board.verdict(earlier) == Verdict::held);
  board.clock.set_wall(today - 2 * hour);  // saved at the last shutdown: behind
  CHECK(board.verdict(earlier) == Verdict::held);
  board.clock.set_wall(today + 9000 * hour);  // a broken battery: far ahead
  CHECK(board.verdict(earlier) == Verdict::held);
  board.clock.set_wall(today);
  CHECK(board.verdict(earlier) == Verdict::ready);
  board.clock.advance(ttl);
  CHECK(board.verdict(earlier) == Verdict::old);
  board.clock.set_synchronised(true);
  CHECK(board.verdict(of_boot(4, board.clock.wall() - ttl - hour)) == Verdict::old);
  CHECK(board.verdict(of_boot(4, board.clock.wall() + 48 * hour)) == Verdict::undated);
}

TEST_CASE("records without a stamp are taken as they are", "[time]") {
  Board board(60'000);
  const Taken plain = {{}, today};
  CHECK(board.verdict(plain) == Verdict::held);
  board.clock.set_wall(today + hour);
  CHECK(board.verdict(plain) == Verdict::ready);
  CHECK(board.date(plain).shift == 0);
  board.clock.set_wall(today + ttl + 1);
  CHECK(board.verdict(plain) == Verdict::old);
}

TEST_CASE("no stamp and no time is too wild to be dated", "[time]") {
  const Board board(today);
  constexpr TimeMs most = std::numeric_limits<TimeMs>::max();
  for (const TimeMs offset : {-(TimeMs{1} << 47U), TimeMs{0}, (TimeMs{1} << 47U) - 1}) {
    for (const TimeMs time : {-most, TimeMs{0}, most}) {
      for (const std::uint32_t boot : {0U, this_boot, 9U}) {
        const Timeline::Date date = board.timeline.date(
            board.timeline.now(), {.boot = boot, .offset = offset, .set = true}, time, ttl);
        INFO("boot " << boot << ", offset " << offset << ", time " << time);
        CHECK(std::abs(date.shift) <= TimeMs{1} << 48U);
        if (time == -most) CHECK(date.verdict != Verdict::ready);
        if (time == most) CHECK((date.verdict == Verdict::ready) == (boot != 9));
      }
    }
  }
}
