#include "transport/dispatch/suspects.hpp"

#include <catch2/catch.hpp>
#include <vector>

using scops::BlockId;
using scops::Suspect;
using scops::Suspects;

namespace {

constexpr BlockId first{1, 0};
constexpr BlockId second{2, 0};

Suspect suspect(BlockId block, std::uint32_t record, std::uint64_t accepted_before = 0) {
  return {.block = block, .record = record, .accepted_before = accepted_before};
}

}  // namespace

TEST_CASE("suspects: one is asked about only when another request was accepted since") {
  Suspects suspects;
  suspects.hold(std::vector{suspect(first, 3, 5)});
  CHECK(suspects.ready(5) == nullptr);
  REQUIRE(suspects.ready(6) != nullptr);
  CHECK(suspects.ready(6)->record == 3);
}

TEST_CASE("suspects: the third refusal with others accepted in between drops") {
  Suspects suspects;
  suspects.hold(std::vector{suspect(first, 3, 0)});  // the first one
  CHECK_FALSE(suspects.refused(*suspects.ready(1), 1));
  CHECK(suspects.ready(1) == nullptr);
  CHECK(suspects.refused(*suspects.ready(2), 2));
}

TEST_CASE("suspects: refusals without an accepted request in between do not count") {
  Suspects suspects;
  suspects.hold(std::vector{suspect(first, 3, 0)});
  for (int i = 0; i < 100; ++i) CHECK_FALSE(suspects.refused(*suspects.any(), 0));
}

TEST_CASE("suspects: a block is free when its last suspect is settled") {
  Suspects suspects;
  suspects.hold(std::vector{suspect(first, 3), suspect(first, 4)});
  CHECK_FALSE(suspects.settled(suspect(first, 3)));
  CHECK(suspects.holds(first));
  CHECK(suspects.settled(suspect(first, 4)) == first);
  CHECK_FALSE(suspects.holds(first));
  CHECK(suspects.any() == nullptr);
}

TEST_CASE("suspects: there is room for as many as are found") {
  Suspects suspects;
  for (std::uint64_t i = 1; i <= 1000; ++i)
    suspects.hold(std::vector{suspect({i, 0}, 0), suspect({i, 0}, 1)});
  CHECK(suspects.blocks().size() == 1000);
  CHECK(suspects.holds({1000, 0}));
}

TEST_CASE("suspects: a block that has expired is forgotten with all of its suspects") {
  Suspects suspects;
  suspects.hold(std::vector{suspect(first, 0), suspect(first, 1)});
  suspects.hold(std::vector{suspect(second, 0)});
  suspects.forget(first);
  CHECK_FALSE(suspects.holds(first));
  CHECK(suspects.blocks() == std::vector{second});
  CHECK(suspects.any()->block == second);
}

TEST_CASE("suspects: without other evidence each has its turn") {
  Suspects suspects;
  suspects.hold(std::vector{suspect(first, 1), suspect(first, 2)});
  CHECK(suspects.any()->record == 1);
  (void)suspects.refused(*suspects.any(), 0);
  CHECK(suspects.any()->record == 2);
}
