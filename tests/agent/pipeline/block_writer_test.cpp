#include "agent/pipeline/block_writer.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "core/io/block_codec.hpp"

using namespace scops;

namespace {

std::size_t records_of(const std::vector<Block>& blocks) {
  std::size_t records = 0;
  for (const Block& block : blocks) records += block.records;
  return records;
}

}  // namespace

TEST_CASE("points and samples of a table share a block", "[block_writer]") {
  BlockWriter writer(100);
  writer.add({.name = "point", .tags = {}}, 1000, 1);
  const std::vector<Series> table = {{.name = "unused", .tags = {}}, {.name = "sample", .tags = {}}};
  writer.add(table, std::vector<Sample>{{1, 1000, 2}, {1, 2000, 3}});
  CHECK(writer.samples() == 3);
  const auto blocks = writer.take();
  REQUIRE(blocks.size() == 1);
  const auto set = decode_block(blocks[0].bytes);
  REQUIRE(set);
  CHECK(set->samples.size() == 3);
  REQUIRE(set->series.size() == 2);
  CHECK(set->series[0].name == "point");
  CHECK(set->series[1].name == "sample");
}

TEST_CASE("a table's series are found in each of several blocks", "[block_writer]") {
  BlockWriter writer(2);
  const std::vector<Series> table = {{.name = "a", .tags = {}}, {.name = "b", .tags = {}}};
  writer.add(table, std::vector<Sample>{{0, 1, 1}, {1, 1, 2}, {1, 2, 3}, {0, 2, 4}, {0, 3, 5}});
  const auto blocks = writer.take();
  REQUIRE(blocks.size() == 3);
  CHECK(records_of(blocks) == 5);
  CHECK(decode_block(blocks[2].bytes)->series[0].name == "a");
}

TEST_CASE("names that are together too long for one block come in several", "[block_writer]") {
  BlockWriter writer(100'000);
  const std::string tag(block_name_max - 10, 'x');
  for (int i = 0; i < 7000; ++i) {
    writer.add({.name = "a", .tags = {tag + std::to_string(i)}}, 1000, i);
  }
  const auto blocks = writer.take();
  CHECK(blocks.size() == 4);
  CHECK(records_of(blocks) == 7000);
}

TEST_CASE("more series than one block takes come in several", "[block_writer]") {
  BlockWriter writer(100'000);
  for (int i = 0; i < 20000; ++i) writer.add({.name = std::to_string(i), .tags = {}}, 1000, i);
  const auto blocks = writer.take();
  CHECK(blocks.size() == 2);
  CHECK(records_of(blocks) == 20000);
}

TEST_CASE("what was taken or cleared does not come again", "[block_writer]") {
  BlockWriter writer(1);
  writer.add({.name = "a", .tags = {}}, 1000, 1);
  CHECK(writer.take().size() == 1);
  CHECK(writer.take().empty());
  writer.add({.name = "a", .tags = {}}, 1000, 1);
  writer.add({.name = "a", .tags = {}}, 1000, 1);
  writer.clear();
  CHECK(writer.samples() == 0);
  CHECK(writer.take().empty());
}
