#include "collectors/listen/chouette/packed_ids.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

using scops::chouette::PackedIds;

namespace {

void check_round_trip(const std::vector<std::string>& ids) {
  PackedIds packed;
  for (const std::string& id : ids) packed.add(id);
  REQUIRE(packed.count() == ids.size());
  PackedIds::Reader reader(packed);
  for (const std::string& id : ids) CHECK(reader.next() == id);
}

std::string uuid(int i) { return fmt::format("{:08x}-0000-4000-8000-{:012x}", i, i * 3); }

}  // namespace

TEST_CASE("ids of any kind come back as they were") {
  check_round_trip({"123e4567-e89b-42d3-a456-426614174000", "", "a", std::string("\0\xFF\r\n", 4),
                    "123E4567-E89B-42D3-A456-426614174000",  // upper case is not the same text
                    "123e4567-e89b-42d3-a456_426614174000",  // no UUID
                    "123e4567-e89b-42d3-a456-42661417400g", std::string(300, 'x'), std::string(200000, 'y'),
                    "ffffffff-ffff-ffff-ffff-ffffffffffff"});
}

TEST_CASE("the ids of 200,000 records take 3.5 MB") {
  PackedIds packed;
  for (int i = 0; i < 200000; ++i) packed.add(uuid(i));
  CHECK(packed.bytes() <= 3'500'000);
  PackedIds::Reader reader(packed);
  bool same = true;
  for (int i = 0; i < 200000; ++i) same = same && reader.next() == uuid(i);
  CHECK(same);
}
