#include "agent/pipeline/pipeline.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/io/block_codec.hpp"
#include "core/runtime/memory.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/fake_clock.hpp"

using namespace scops;

namespace {

PipelineSettings plain() {
  PipelineSettings settings;
  settings.prefix = "Chouette";
  settings.series_max = 1000;
  settings.samples_max = 1000;
  return settings;
}

// Everything a flush brings, decoded, in one set.
SampleSet flushed(Pipeline& pipeline) {
  SampleSet all;
  for (const Block& block : pipeline.flush()) {
    const auto set = decode_block(block.bytes);
    REQUIRE(set);
    const auto offset = static_cast<std::uint32_t>(all.series.size());
    all.series.insert(all.series.end(), set->series.begin(), set->series.end());
    for (Sample sample : set->samples) {
      sample.series += offset;
      all.samples.push_back(sample);
    }
  }
  return all;
}

double dropped(Stats& stats, const std::string& reason) {
  return stats.counter("scops_pipeline_dropped_samples_total", "", "reason=\"" + reason + "\"").value();
}

}  // namespace

TEST_CASE("a metric gets the prefix, its tags sorted and the global tags", "[pipeline]") {
  PipelineSettings settings = plain();
  settings.tags = {"site:7", "a:b"};
  Stats stats;
  Pipeline pipeline(settings, 100, stats);
  const std::array<Tag, 2> tags = {Tag{"period", "1m"}, Tag{"bare", ""}};
  pipeline.add({.name = "host.la", .value = 0.5, .tags = tags, .time = 1000});
  const SampleSet set = flushed(pipeline);
  REQUIRE(set.series.size() == 1);
  CHECK(set.series[0].name == "Chouette.host.la");
  CHECK(set.series[0].tags == std::vector<std::string>{"a:b", "bare", "period:1m", "site:7"});
  REQUIRE(set.samples.size() == 1);
  CHECK(set.samples[0] == Sample{.series = 0, .time = 1000, .value = 0.5});
}

TEST_CASE("an empty prefix leaves the name alone", "[pipeline]") {
  PipelineSettings settings = plain();
  settings.prefix = "";
  Stats stats;
  Pipeline pipeline(settings, 100, stats);
  pipeline.add({.name = "x", .value = 1, .time = 1000});
  CHECK(flushed(pipeline).series.at(0).name == "x");
}

TEST_CASE("tags in another order are the same series", "[pipeline]") {
  Stats stats;
  Pipeline pipeline(plain(), 100, stats);
  const std::array<Tag, 2> one = {Tag{"a", "1"}, Tag{"b", "2"}};
  const std::array<Tag, 2> two = {Tag{"b", "2"}, Tag{"a", "1"}};
  pipeline.add({.name = "x", .value = 1, .tags = one, .time = 1000});
  pipeline.add({.name = "x", .value = 2, .tags = two, .time = 2000});
  const SampleSet set = flushed(pipeline);
  CHECK(set.series.size() == 1);
  CHECK(set.samples.size() == 2);
}

TEST_CASE("key and value of a tag cannot be confused with those of another", "[pipeline]") {
  Stats stats;
  Pipeline pipeline(plain(), 100, stats);
  const std::array<Tag, 1> one = {Tag{"ab", "c"}};
  const std::array<Tag, 1> two = {Tag{"a", "bc"}};
  pipeline.add({.name = "x", .value = 1, .tags = one, .time = 1000});
  pipeline.add({.name = "x", .value = 2, .tags = two, .time = 1000});
  CHECK(flushed(pipeline).series.size() == 2);
}

TEST_CASE("tags of any bytes, line ends and zeros too, are series of their own", "[pipeline]") {
  Stats stats;
  Pipeline pipeline(plain(), 100, stats);
  const std::string odd("x\nb\0y", 5);
  const std::array<Tag, 1> one = {Tag{"a", odd}};
  const std::array<Tag, 2> two = {Tag{"a", "x"}, Tag{"b", "y"}};
  pipeline.add({.name = "x", .value = 1, .tags = one, .time = 1000});
  pipeline.add({.name = "x", .value = 2, .tags = two, .time = 1000});
  CHECK(flushed(pipeline).series.size() == 2);
}

TEST_CASE("a measurement of which no block takes the names is counted and logged as too long", "[pipeline]") {
  PipelineSettings settings = plain();
  settings.tags = {"site:7"};
  Stats stats;
  Pipeline pipeline(settings, 100, stats);
  const test::CapturedLog log;
  const std::string text(block_name_max, 'x');
  std::vector<Tag> tags;
  SECTION("by one tag") { tags = {{"key", text}}; }
  SECTION("by all tags together") { tags = {{text, ""}, {text.substr(1), ""}}; }
  SECTION("by the number of tags, the global ones included") {
    const std::string_view one(text);
    for (std::size_t size = 1; size <= 16; ++size) {
      for (std::size_t i = 1; i <= 8; ++i) tags.push_back({one.substr(0, size), one.substr(0, i)});
    }
    REQUIRE(tags.size() == block_tags_max);
  }
  pipeline.add({.name = "long", .value = 1, .tags = tags, .time = 1000});
  pipeline.add({.name = "short", .value = 1, .time = 1000});
  CHECK(flushed(pipeline).samples.size() == 1);
  CHECK(dropped(stats, "too_long") == 1);
  CHECK(dropped(stats, "series_max") == 0);
  CHECK(stats.counter("scops_pipeline_samples_total", "").value() == 1);
  CHECK(test::CapturedLog::count("too_long") == 1);
}

TEST_CASE("zero is a value, NaN and infinity are dropped and counted", "[pipeline]") {
  Stats stats;
  Pipeline pipeline(plain(), 100, stats);
  pipeline.add({.name = "zero", .value = 0, .time = 1000});
  pipeline.add({.name = "nan", .value = std::nan(""), .time = 1000});
  pipeline.add({.name = "inf", .value = std::numeric_limits<double>::infinity(), .time = 1000});
  const SampleSet set = flushed(pipeline);
  REQUIRE(set.samples.size() == 1);
  CHECK(set.samples[0].value == 0);
  CHECK(dropped(stats, "not_finite") == 2);
}

TEST_CASE("include and exclude choose by full name", "[pipeline]") {
  PipelineSettings settings = plain();
  settings.include = {"Chouette.host.*"};
  settings.exclude = {"*.la"};
  Stats stats;
  Pipeline pipeline(settings, 100, stats);
  pipeline.add({.name = "host.la", .value = 1, .time = 1000});
  pipeline.add({.name = "host.memory.used", .value = 1, .time = 1000});
  pipeline.add({.name = "docker.cpu.usage", .value = 1, .time = 1000});
  const SampleSet set = flushed(pipeline);
  REQUIRE(set.series.size() == 1);
  CHECK(set.series[0].name == "Chouette.host.memory.used");
  CHECK(dropped(stats, "filtered") == 2);
}

TEST_CASE("a flush takes everything, the next one only what is new", "[pipeline]") {
  Stats stats;
  Pipeline pipeline(plain(), 100, stats);
  CHECK(pipeline.flush().empty());
  pipeline.add({.name = "x", .value = 1, .time = 1000});
  CHECK(pipeline.flush().size() == 1);
  CHECK(pipeline.flush().empty());
}

TEST_CASE("no block holds more samples than one request takes", "[pipeline]") {
  Stats stats;
  Pipeline pipeline(plain(), 10, stats);
  for (int i = 0; i < 25; ++i) pipeline.add({.name = "x", .value = 1, .time = 1000 + i});
  const auto blocks = pipeline.flush();
  REQUIRE(blocks.size() == 3);
  CHECK(blocks[0].records == 10);
  CHECK(blocks[2].records == 5);
}

TEST_CASE("more samples than the bound are dropped and counted", "[pipeline]") {
  Stats stats;
  Pipeline pipeline(plain(), 10000, stats);
  for (int i = 0; i < 1010; ++i) pipeline.add({.name = "x", .value = 1, .time = 1000 + i});
  CHECK(flushed(pipeline).samples.size() == 1000);
  CHECK(dropped(stats, "samples_max") == 10);
}

TEST_CASE("series beyond the bound are refused until idle ones have been swept", "[pipeline]") {
  PipelineSettings settings = plain();
  settings.series_max = 10;
  Stats stats;
  Pipeline pipeline(settings, 10000, stats);
  for (int i = 0; i < 12; ++i) pipeline.add({.name = "old" + std::to_string(i), .value = 1, .time = 1000});
  CHECK(dropped(stats, "series_max") == 2);
  for (std::uint32_t i = 0; i <= SeriesTable::idle_flushes; ++i) {
    (void)pipeline.flush();
    pipeline.add({.name = "old0", .value = 1, .time = 2000});  // this one stays in use
  }
  pipeline.add({.name = "new", .value = 5, .time = 3000});
  const SampleSet set = flushed(pipeline);
  CHECK(dropped(stats, "series_max") == 2);
  REQUIRE(set.series.size() == 2);
  CHECK(set.series[0].name == "Chouette.new");
  CHECK(set.series[1].name == "Chouette.old0");
}

TEST_CASE("series beyond a share of the memory cap are refused, and counted as such", "[pipeline]") {
  PipelineSettings settings = plain();
  settings.series_max = settings.samples_max = 100'000;
  memory::set_cap(1U << 20U);
  Stats stats;
  Pipeline pipeline(settings, 10000, stats);
  for (int i = 0; i < 10'000; ++i) {
    pipeline.add({.name = std::string(100, 'x') + std::to_string(i), .value = 1, .time = 1000});
  }
  memory::set_cap(0);
  CHECK(dropped(stats, "memory_max") > 0);
  CHECK(dropped(stats, "series_max") == 0);
}

TEST_CASE("raw samples have no prefix and wait for the end of their window", "[pipeline]") {
  PipelineSettings settings = plain();
  settings.tags = {"site:7"};
  Stats stats;
  Pipeline pipeline(settings, 100, stats);
  pipeline.add_raw({.name = "x", .type = RawType::count, .value = 1, .time = 12'500, .arrival = 12'500});
  CHECK(pipeline.flush(19'999).empty());
  pipeline.add_raw({.name = "x", .type = RawType::count, .value = 2, .time = 12'000, .arrival = 19'999});
  const auto blocks = pipeline.flush(20'000);
  REQUIRE(blocks.size() == 1);
  const auto set = decode_block(blocks[0].bytes);
  REQUIRE(set);
  REQUIRE(set->series.size() == 1);
  CHECK(set->series[0] ==
        Series{.name = "x", .tags = {"site:7"}, .type = MetricType::count, .interval_s = 10});
  REQUIRE(set->samples.size() == 1);
  CHECK(set->samples[0] == Sample{.series = 0, .time = 12'000, .value = 3});
  CHECK(pipeline.flush(30'000).empty());
  CHECK(stats.counter("scops_pipeline_raw_samples_total", "").value() == 2);
}

TEST_CASE("Correction b: on shutdown the open window is flushed too", "[pipeline]") {
  Stats stats;
  Pipeline pipeline(plain(), 100, stats);
  pipeline.add_raw({.name = "x", .value = 1, .time = 12'500, .arrival = 12'500});
  CHECK(pipeline.flush(13'000, true).size() == 1);
  CHECK(pipeline.flush(13'000, true).empty());
}

TEST_CASE("measurements and aggregated points share a block", "[pipeline]") {
  Stats stats;
  Pipeline pipeline(plain(), 100, stats);
  pipeline.add({.name = "x", .value = 1, .time = 10'000});
  pipeline.add_raw({.name = "x", .value = 2, .time = 5'000, .arrival = 5'000});
  const auto blocks = pipeline.flush(10'000);
  REQUIRE(blocks.size() == 1);
  const auto set = decode_block(blocks[0].bytes);
  REQUIRE(set);
  REQUIRE(set->series.size() == 2);
  CHECK(set->series[0].name == "Chouette.x");
  CHECK(set->series[1].name == "x");
}

TEST_CASE("raw samples may come from several threads while windows close", "[pipeline]") {
  Stats stats;
  Pipeline pipeline(plain(), 100, stats);
  constexpr int each = 2000;
  double sum = 0;
  const auto flush = [&] {
    for (const Block& block : pipeline.flush(20'000)) {
      const auto set = decode_block(block.bytes);
      for (const Sample& sample : set->samples) sum += sample.value;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&pipeline] {
        for (int i = 0; i < each; ++i) {
          const TimeMs now = 10'000 + i;
          pipeline.add_raw({.name = "x", .type = RawType::count, .value = 1, .time = now, .arrival = now});
        }
      });
    }
    for (int i = 0; i < 20; ++i) flush();
  }
  flush();
  CHECK(sum == 3 * each);
}

TEST_CASE("samples of before and after a step of the clock go into blocks of their own", "[pipeline][time]") {
  test::FakeClock clock(60'000);
  Stats stats;
  const Timeline timeline(clock, 7, 1'600'000'000'000);
  Pipeline pipeline(plain(), 100, stats, &timeline);
  const auto measure = [&] {
    pipeline.add({.name = "host.la", .value = 1, .time = clock.wall()}, timeline.stamp());
    pipeline.add_raw(
        {.name = "jobs", .type = RawType::count, .value = 1, .time = clock.wall(), .arrival = clock.wall()});
  };
  measure();
  const Stamp before = timeline.stamp();
  clock.set_wall(1'700'000'000'000);
  measure();
  const std::vector<Block> blocks = pipeline.flush(clock.wall(), true);
  std::set<TimeMs> early;
  std::set<TimeMs> late;
  std::uint32_t records = 0;
  for (const Block& block : blocks) {
    const Stamp stamp = stamp_of_block(block.bytes);
    CHECK(stamp.boot == 7);
    (stamp == before ? early : late).insert(block.newest);
    records += block.records;
  }
  CHECK(records == 4);
  CHECK(early == std::set<TimeMs>{60'000});
  CHECK(late == std::set<TimeMs>{1'700'000'000'000});
}
