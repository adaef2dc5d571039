#include "transport/buffer/block_file.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>

namespace scops::test {
namespace {

constexpr BlockRow sound = {
    .id = 1, .kind = 1, .records = 2, .newest = 1'700'000'000'000, .size = 3, .head = {}};

bool is_sound(std::int64_t BlockRow::*number, std::int64_t value) {
  BlockRow row = sound;
  row.*number = value;
  return to_entry(row, 100).has_value();
}

}  // namespace

TEST_CASE("a row that no agent of ours wrote is none") {
  REQUIRE(to_entry(sound, 100));
  constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
  // 0 is what a cursor has that has acked nothing.
  for (const std::int64_t wrong : {std::int64_t{-1}, std::int64_t{0}, largest}) {
    CHECK_FALSE(is_sound(&BlockRow::id, wrong));
    CHECK_FALSE(is_sound(&BlockRow::kind, wrong));
  }
  for (const std::int64_t wrong : {std::int64_t{-1}, std::int64_t{1} << 32U, largest}) {
    CHECK_FALSE(is_sound(&BlockRow::records, wrong));
    CHECK_FALSE(is_sound(&BlockRow::size, wrong));
  }
  CHECK_FALSE(is_sound(&BlockRow::size, 101));
}

TEST_CASE("a row of any time can be dated", "[time]") {
  for (const std::int64_t far :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    BlockRow row = sound;
    row.newest = far;
    const auto entry = to_entry(row, 100);
    REQUIRE(entry);
    CHECK(entry->newest == (far < 0 ? -farthest_time : farthest_time));
  }
}

}  // namespace scops::test
