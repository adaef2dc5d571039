#include "collectors/proc/cpu_times.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace scops;

namespace {

CpuTimes times(std::array<std::uint64_t, 8> ticks) { return {.ticks = ticks, .columns = ticks.size()}; }

}  // namespace

TEST_CASE("busy is everything but idle and waiting for a disk") {
  const auto shares = cpu_shares(times({0, 0, 0, 0, 0, 0, 0, 0}), times({10, 5, 5, 60, 15, 1, 2, 2}));
  REQUIRE(shares);
  CHECK(shares->busy == Approx(25));
  CHECK(shares->modes[3] == Approx(60));
  CHECK(shares->modes[7] == Approx(2));
}

TEST_CASE("an idle machine is 0 percent busy, which is a value") {
  const auto shares = cpu_shares(times({7, 0, 0, 100, 0, 0, 0, 0}), times({7, 0, 0, 200, 0, 0, 0, 0}));
  REQUIRE(shares);
  CHECK(shares->busy == 0);
}

TEST_CASE("counters that went backwards give no percentage") {
  CHECK_FALSE(cpu_shares(times({10, 0, 0, 100, 0, 0, 0, 0}), times({9, 0, 0, 200, 0, 0, 0, 0})));
  CHECK_FALSE(cpu_shares(times({10, 0, 0, 100, 0, 0, 0, 0}), times({1, 0, 0, 2, 0, 0, 0, 0})));
}

TEST_CASE("a processor that was off and on again, and forgot how long it was idle, gives no percentage") {
  CHECK_FALSE(
      cpu_shares(times({133, 0, 177, 226681, 47, 6, 6, 21}), times({133, 0, 178, 114431, 33, 6, 6, 21})));
}

TEST_CASE("time that the kernel moves between idle and iowait passes once") {
  const auto to_idle = cpu_shares(times({10, 0, 0, 100, 50, 0, 0, 0}), times({20, 0, 0, 200, 40, 0, 0, 0}));
  REQUIRE(to_idle);
  CHECK(to_idle->busy == 10);
  CHECK(to_idle->modes[3] == 90);
  CHECK(to_idle->modes[4] == 0);
  const auto to_iowait = cpu_shares(times({10, 0, 0, 100, 50, 0, 0, 0}), times({20, 0, 0, 70, 170, 0, 0, 0}));
  REQUIRE(to_iowait);
  CHECK(to_iowait->busy == 10);
  CHECK(to_iowait->modes[3] == 0);
  CHECK(to_iowait->modes[4] == 90);
}

TEST_CASE("idle and iowait may step back together by a percent of the busy time, no more") {
  const auto shares = cpu_shares(times({0, 0, 0, 100, 50, 0, 0, 0}), times({1000, 0, 0, 91, 49, 0, 0, 0}));
  REQUIRE(shares);
  CHECK(shares->busy == 100);
  CHECK_FALSE(cpu_shares(times({0, 0, 0, 100, 50, 0, 0, 0}), times({1000, 0, 0, 90, 49, 0, 0, 0})));
}

TEST_CASE("no time between two readings gives no percentage") {
  const CpuTimes same = times({1, 2, 3, 4, 5, 6, 7, 8});
  CHECK_FALSE(cpu_shares(same, same));
}

TEST_CASE("the largest counters do not overflow") {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  const auto shares = cpu_shares(times({}), times({most, most, most, most, most, most, most, most}));
  REQUIRE(shares);
  CHECK(shares->busy == Approx(75));
}
