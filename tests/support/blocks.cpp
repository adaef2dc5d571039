#include "tests/support/blocks.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <utility>

#include "core/io/block_codec.hpp"

namespace scops::test {

BufferSettings buffer_settings() {
  using std::chrono::hours;
  return {.type = "embedded",
          .metric_ttl = hours(4),
          .log_ttl = hours(18),
          .bytes_max = {64U << 20U},
          .hold = {},
          .memory_max = {8U << 20U}};
}

Block block_of(std::uint32_t records, TimeMs newest, std::uint64_t mark, Kind kind) {
  const std::vector<Series> series = {{.name = "test.series", .tags = {"mark:" + std::to_string(mark)}}};
  std::vector<Sample> samples;
  for (std::uint32_t i = 0; i < records; ++i) {
    samples.push_back(
        {.series = 0, .time = newest - records + 1 + i, .value = static_cast<double>(mark * i)});
  }
  Block block = encode_block(series, samples);
  block.kind = kind;
  return block;
}

BlockId put(Buffer& buffer, Block block) {
  const auto id = buffer.put(std::move(block));
  REQUIRE(id);
  return *id;
}

std::vector<Block> read(Buffer& buffer, std::string_view output, Kind kind, std::uint32_t max_records) {
  auto blocks = buffer.read(output, kind, {.records = max_records});
  REQUIRE(blocks);
  return std::move(*blocks);
}

std::vector<BlockId> ids_of(const std::vector<Block>& blocks) {
  std::vector<BlockId> ids;
  for (const Block& block : blocks) ids.push_back(block.id);
  return ids;
}

void ack(Buffer& buffer, std::string_view output, const std::vector<Block>& blocks) {
  REQUIRE(buffer.ack(output, ids_of(blocks)));
}

}  // namespace scops::test
