#include "transport/dispatch/backoff.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <vector>

using namespace std::chrono_literals;
using scops::Backoff;
using scops::Duration;

namespace {

// The longest wait after `failures` failures in a row, over many boards.
Duration longest(std::uint32_t failures) {
  Duration most{0};
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Backoff backoff(1s, 5min, seed);
    Duration wait{0};
    for (std::uint32_t i = 0; i < failures; ++i) wait = backoff.failed();
    most = std::max(most, wait);
  }
  return most;
}

}  // namespace

TEST_CASE("backoff: the ceiling doubles with each failure and stops at the maximum") {
  const auto [failures, ceiling] = GENERATE(table<std::uint32_t, Duration>(
      {{1, 1s}, {2, 2s}, {3, 4s}, {4, 8s}, {9, 256s}, {10, 300s}, {1000, 300s}}));
  CHECK(longest(failures) <= ceiling);
  CHECK(longest(failures) > ceiling * 9 / 10);
}

TEST_CASE("backoff: waits are spread over all of the range") {
  std::vector<int> quarters(4);
  Backoff backoff(100s, 100s, 7);
  for (int i = 0; i < 4000; ++i)
    ++quarters.at(std::min<std::size_t>(3, static_cast<std::size_t>(backoff.failed() / 25s)));
  for (const int count : quarters) CHECK((count > 800 && count < 1200));
}

TEST_CASE("backoff: the same seed gives the same waits, another one others") {
  Backoff one(1s, 5min, 1);
  Backoff same(1s, 5min, 1);
  Backoff other(1s, 5min, 2);
  std::vector<Duration> a;
  std::vector<Duration> b;
  std::vector<Duration> c;
  for (int i = 0; i < 5; ++i) {
    a.push_back(one.failed());
    b.push_back(same.failed());
    c.push_back(other.failed());
  }
  CHECK(a == b);
  CHECK(a != c);
}

TEST_CASE("backoff: a success starts anew") {
  Backoff backoff(1s, 5min, 3);
  for (int i = 0; i < 20; ++i) (void)backoff.failed();
  CHECK(backoff.failures() == 20);
  backoff.succeeded();
  CHECK(backoff.failures() == 0);
  CHECK(backoff.failed() <= 1s);
}

TEST_CASE("backoff: Retry-After is a lower limit, with the usual wait on top") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Backoff backoff(1s, 5min, seed);
    const Duration wait = backoff.throttled(30s);
    CHECK((wait >= 30s && wait <= 31s));
  }
}

TEST_CASE("backoff: the ceiling doubles also when a Retry-After of a second comes each time") {
  Duration longest_wait{0};
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Backoff backoff(1s, 5min, seed);
    for (int i = 0; i < 9; ++i) (void)backoff.throttled(1s);
    longest_wait = std::max(longest_wait, backoff.throttled(1s));
  }
  CHECK(longest_wait > 4min);
}

TEST_CASE("backoff: a Retry-After of days is cut to an hour or so") {
  Backoff backoff(1s, 5min, 4);
  CHECK(backoff.throttled(std::chrono::hours(1000)) <= 1h + 5min);
}

TEST_CASE("backoff: throttled without Retry-After waits as after any failure") {
  Backoff backoff(1s, 5min, 5);
  CHECK(backoff.throttled(0s) <= 1s);
  CHECK(backoff.throttled(-5s) <= 2s);
  CHECK(backoff.failures() == 2);
}

TEST_CASE("backoff: a hopeless failure waits for seconds at first and for minutes soon") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Backoff backoff(1s, 5min, seed);
    const Duration first = backoff.hopeless();
    CHECK((first >= 8s && first <= 16s));
    for (int i = 0; i < 5; ++i) (void)backoff.hopeless();
    const Duration later = backoff.hopeless();
    CHECK((later >= 150s && later <= 300s));
  }
}
