#include "transport/dispatch/batch.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/io/block_codec.hpp"
#include "core/io/log_block.hpp"
#include "tests/support/series.hpp"

using scops::Batch;
using scops::Block;
using scops::Kind;
using scops::LogRecord;
using scops::merge;
using scops::Payload;
using scops::Sample;
using scops::SampleSet;
using scops::Series;
using scops::slice;
using scops::test::series;

namespace {

Block block(std::uint64_t id, const SampleSet& set) {
  Block made = scops::encode_block(set.series, set.samples);
  made.id = {id, 0};
  return made;
}

Block log_block(std::uint64_t id, const std::vector<LogRecord>& records) {
  Block made = scops::encode_log_block(records);
  made.id = {id, 0};
  return made;
}

Payload logs(std::vector<LogRecord> records) { return {.kind = Kind::logs, .logs = std::move(records)}; }

}  // namespace

TEST_CASE("merge: points of one series in several blocks come together, sorted") {
  const std::vector<Block> blocks = {
      block(1, {.series = {series("b"), series("a")}, .samples = {{0, 2000, 1}, {1, 1000, 2}}}),
      block(2, {.series = {series("a"), series("b")}, .samples = {{0, 500, 3}, {1, 3000, 4}}}),
  };
  const Batch batch = merge(Kind::metrics, blocks);
  REQUIRE(batch.payload.metrics.series.size() == 2);
  CHECK(batch.payload.metrics.series[0].name == "a");
  CHECK(batch.payload.metrics.samples ==
        std::vector<Sample>{{0, 500, 3}, {0, 1000, 2}, {1, 2000, 1}, {1, 3000, 4}});
}

TEST_CASE("merge: series that differ in tags, type or interval stay apart") {
  Series tagged = series("a");
  tagged.tags = {"k:v"};
  Series count = series("a");
  count.type = scops::MetricType::count;
  Series longer = count;
  longer.interval_s = 10;
  const Batch batch =
      merge(Kind::metrics, std::vector{block(1, {.series = {series("a"), tagged, count, longer},
                                                 .samples = {{0, 1, 1}, {1, 1, 1}, {2, 1, 1}, {3, 1, 1}}})});
  CHECK(batch.payload.metrics.series.size() == 4);
}

TEST_CASE("merge: each sample knows the block and the record it came from") {
  const std::vector<Block> blocks = {
      block(1, {.series = {series("b")}, .samples = {{0, 1000, 1}, {0, 2000, 2}}}),
      block(2, {.series = {series("a")}, .samples = {{0, 1000, 3}}}),
  };
  const Batch batch = merge(Kind::metrics, blocks);
  REQUIRE(batch.origins.size() == 3);
  CHECK(batch.origins[0].block == blocks[1].id);
  CHECK(batch.origins[2].block == blocks[0].id);
  CHECK(batch.origins[2].record == 1);
}

TEST_CASE("merge: equal times keep the order of the blocks, both points stay") {
  const Batch batch =
      merge(Kind::metrics, std::vector{block(1, {.series = {series("a")}, .samples = {{0, 1000, 1}}}),
                                       block(2, {.series = {series("a")}, .samples = {{0, 1000, 2}}})});
  CHECK(batch.payload.metrics.samples == std::vector<Sample>{{0, 1000, 1}, {0, 1000, 2}});
}

TEST_CASE("merge: a damaged block is named and costs no other") {
  Block damaged = block(1, {.series = {series("a")}, .samples = {{0, 1000, 1}}});
  damaged.bytes.resize(damaged.bytes.size() / 2);
  const Batch batch = merge(
      Kind::metrics, std::vector{damaged, block(2, {.series = {series("a")}, .samples = {{0, 2000, 2}}})});
  CHECK(batch.damaged == std::vector{damaged.id});
  CHECK(batch.damaged_records == 1);
  CHECK(batch.payload.metrics.samples == std::vector<Sample>{{0, 2000, 2}});
}

TEST_CASE("slice: a part has only the series it uses") {
  const SampleSet set{.series = {series("a"), series("b"), series("c")},
                      .samples = {{0, 1, 1}, {1, 1, 2}, {1, 2, 3}, {2, 1, 4}}};
  const SampleSet part = slice({.metrics = set}, 1, 3).metrics;
  REQUIRE(part.series.size() == 1);
  CHECK(part.series[0].name == "b");
  CHECK(part.samples == std::vector<Sample>{{0, 1, 2}, {0, 2, 3}});
}

TEST_CASE("slice: beyond the end there is nothing") { CHECK(slice({}, 0, 10).size() == 0); }

TEST_CASE("merge: logs keep the order of the blocks, whatever their times") {
  const Batch batch =
      merge(Kind::logs, std::vector{log_block(1, {{2000, "b"}, {1000, "a"}}), log_block(2, {{500, "c"}})});
  CHECK(batch.payload.kind == Kind::logs);
  CHECK(batch.payload.logs == std::vector<LogRecord>{{2000, "b"}, {1000, "a"}, {500, "c"}});
  CHECK(batch.payload.size() == 3);
  CHECK(batch.blocks == 2);
}

TEST_CASE("merge: each log record knows the block and the record it came from") {
  const Batch batch =
      merge(Kind::logs, std::vector{log_block(7, {{1, "a"}, {2, "b"}}), log_block(9, {{3, "c"}})});
  REQUIRE(batch.origins.size() == 3);
  CHECK(batch.origins[1].block.major == 7);
  CHECK(batch.origins[1].record == 1);
  CHECK(batch.origins[2].block.major == 9);
  CHECK(batch.origins[2].record == 0);
}

TEST_CASE("merge: a block that is damaged or of another kind is named and costs no other logs") {
  Block damaged = log_block(1, {{1, "a"}, {2, "b"}});
  damaged.bytes.resize(damaged.bytes.size() / 2);
  Block foreign = block(2, {.series = {series("a")}, .samples = {{0, 1000, 1}}});
  const Batch batch = merge(Kind::logs, std::vector{damaged, foreign, log_block(3, {{3, "c"}})});
  CHECK(batch.damaged == std::vector{damaged.id, foreign.id});
  CHECK(batch.damaged_records == 3);
  CHECK(batch.payload.logs == std::vector<LogRecord>{{3, "c"}});
}

TEST_CASE("merge: blocks beyond what a batch of logs may weigh are left for the next one") {
  std::vector<Block> blocks;
  for (std::uint64_t id = 1; id <= 20; ++id)
    blocks.push_back(log_block(id, {{1, std::string(scops::log_record_max, 'x')}}));
  const Batch batch = merge(Kind::logs, blocks);
  CHECK(batch.blocks == scops::batch_text_max / scops::log_record_max);
  CHECK(batch.payload.size() == batch.blocks);
}

TEST_CASE("slice: a part of logs has its records only") {
  const Payload whole = logs({{1, "a"}, {2, "b"}, {3, "c"}});
  const Payload part = slice(whole, 1, 3);
  CHECK(part.kind == Kind::logs);
  CHECK(part.logs == std::vector<LogRecord>{{2, "b"}, {3, "c"}});
  CHECK(slice(whole, 2, 9).size() == 1);
  CHECK(slice(whole, 5, 9).size() == 0);
}
