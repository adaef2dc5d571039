#include "transport/dispatch/release.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <limits>
#include <map>
#include <set>
#include <string>

using namespace std::chrono_literals;
using scops::Duration;
using scops::release_offset;
using scops::TimeMs;
using scops::until_release;

TEST_CASE("release: the next multiple of the interval plus the offset") {
  CHECK(until_release(1'700'000'040'000, 60s, 0s) == 60s);  // a multiple itself: the next one
  CHECK(until_release(1'700'000'041'000, 60s, 0s) == 59s);
  CHECK(until_release(1'700'000'041'000, 60s, 10s) == 9s);
  CHECK(until_release(1'700'000'055'500, 60s, 10s) == 54'500ms);
}

TEST_CASE("release: never now, never later than an interval, whatever the clock says") {
  const TimeMs wall = GENERATE(TimeMs{0}, TimeMs{1}, TimeMs{-1}, TimeMs{-1'700'000'000'123},
                               std::numeric_limits<TimeMs>::min(), std::numeric_limits<TimeMs>::max());
  const Duration interval = GENERATE(Duration(1s), Duration(7s), Duration(24h));
  const Duration wait = until_release(wall, interval, interval - 1ms);
  CHECK((wait > 0s && wait <= interval));
}

TEST_CASE("release: hosts are spread evenly over the interval") {
  std::set<std::int64_t> sixths;
  for (int i = 0; i < 100; ++i) {
    const Duration offset = release_offset("board-" + std::to_string(i), 60s);
    REQUIRE((offset >= 0s && offset < 60s));
    sixths.insert(offset / 10s);
  }
  CHECK(sixths.size() == 6);
}

TEST_CASE("release: a fleet of a thousand leaves no moment with many of them") {
  const char* const names[] = {"board-", "jetson-nano-00", "site7.line3.cam"};
  for (const std::string name : names) {
    std::map<std::int64_t, int> seconds;
    for (int i = 0; i < 1000; ++i) ++seconds[release_offset(name + std::to_string(i), 60s) / 1s];
    CHECK(seconds.size() == 60);
    // 16.7 on the average; of a fair draw none of 60 seconds has above 36 (1 in 1,000 fleets).
    for (const auto& [second, boards] : seconds) CHECK(boards <= 36);
  }
}

TEST_CASE("release: a host keeps its offset") {
  CHECK(release_offset("jetson-1", 60s) == release_offset("jetson-1", 60s));
}
