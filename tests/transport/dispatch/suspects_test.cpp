#include "transport/dispatch/suspects.hpp"

#include <catch2/catch.hpp>
#include <vector>

using scops::Block;
using scops::BlockId;
using scops::Suspect;
using scops::Suspects;

namespace {

constexpr BlockId first{1, 0};
constexpr BlockId second{2, 0};

Suspect suspect(BlockId block, std::uint32_t record, std::uint64_t accepted_before = 0) {
  return {.block = block, .record = record, .accepted_before = accepted_before};
}

std::vector<Block> blocks(const std::vector<BlockId>& ids) {
  std::vector<Block> all;
  for (const BlockId id : ids) {
    all.emplace_back();
    all.back().id = id;
  }
  return all;
}

}  // namespace

TEST_CASE("suspects: one is asked about only when another request was accepted since") {
  Suspects suspects;
  REQUIRE(suspects.hold({first, 10}, std::vector{suspect(first, 3, 5)}, 100));
  CHECK(suspects.ready(5) == nullptr);
  REQUIRE(suspects.ready(6) != nullptr);
  CHECK(suspects.ready(6)->record == 3);
}

TEST_CASE("suspects: the third refusal with others accepted in between drops") {
  Suspects suspects;
  REQUIRE(suspects.hold({first, 10}, std::vector{suspect(first, 3, 0)}, 100));  // the first one
  CHECK_FALSE(suspects.refused(*suspects.ready(1), 1));
  CHECK(suspects.ready(1) == nullptr);
  CHECK(suspects.refused(*suspects.ready(2), 2));
}

TEST_CASE("suspects: refusals without an accepted request in between do not count") {
  Suspects suspects;
  REQUIRE(suspects.hold({first, 10}, std::vector{suspect(first, 3, 0)}, 100));
  for (int i = 0; i < 100; ++i) CHECK_FALSE(suspects.refused(*suspects.any(), 0));
}

TEST_CASE("suspects: a block is free when its last suspect is settled") {
  Suspects suspects;
  REQUIRE(suspects.hold({first, 10}, std::vector{suspect(first, 3), suspect(first, 4)}, 100));
  CHECK_FALSE(suspects.settled(suspect(first, 3)));
  CHECK(suspects.holds(first));
  CHECK(suspects.settled(suspect(first, 4)) == first);
  CHECK_FALSE(suspects.holds(first));
  CHECK(suspects.any() == nullptr);
}

TEST_CASE("suspects: only so many records are held, but always one block") {
  Suspects suspects;
  CHECK(suspects.hold({first, 500}, std::vector{suspect(first, 0)}, 100));
  CHECK_FALSE(suspects.hold({second, 1}, std::vector{suspect(second, 0)}, 100));
  CHECK(suspects.records() == 500);
}

TEST_CASE("suspects: blocks that have expired are forgotten") {
  Suspects suspects;
  REQUIRE(suspects.hold({first, 10}, std::vector{suspect(first, 0)}, 100));
  REQUIRE(suspects.hold({second, 10}, std::vector{suspect(second, 0)}, 100));
  suspects.keep_only(blocks({second}));
  CHECK_FALSE(suspects.holds(first));
  CHECK(suspects.records() == 10);
  CHECK(suspects.any()->block == second);
}

TEST_CASE("suspects: those of a silent store are kept, and asked about when it speaks again") {
  Suspects suspects;
  constexpr BlockId in_memory{scops::held_major, 7};
  REQUIRE(suspects.hold({first, 10}, std::vector{suspect(first, 0)}, 100));
  suspects.keep_only(blocks({in_memory}));
  CHECK(suspects.any() == nullptr);
  suspects.keep_only(blocks({first, in_memory}));
  REQUIRE(suspects.any() != nullptr);
  CHECK(suspects.any()->block == first);
}

TEST_CASE("suspects: those of a silent store that expire meanwhile are let go") {
  const auto then = GENERATE(std::vector<BlockId>{}, std::vector<BlockId>{second});
  Suspects suspects;
  REQUIRE(suspects.hold({first, 10}, std::vector{suspect(first, 0)}, 100));
  suspects.keep_only(blocks({{scops::held_major, 7}}));
  suspects.keep_only(blocks(then));
  CHECK_FALSE(suspects.holds(first));
}

TEST_CASE("suspects: without other evidence each has its turn") {
  Suspects suspects;
  REQUIRE(suspects.hold({first, 10}, std::vector{suspect(first, 1), suspect(first, 2)}, 100));
  CHECK(suspects.any()->record == 1);
  (void)suspects.refused(*suspects.any(), 0);
  CHECK(suspects.any()->record == 2);
}
