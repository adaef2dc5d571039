#include "agent/pipeline/windows.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "tests/agent/pipeline/reports.hpp"
#include "tests/support/captured_log.hpp"

using namespace scops;
using namespace scops::test;

namespace {

// Windows with what is around them.
struct Fixture {
  PipelineSettings settings;
  Stats stats;
  Labels labels{settings};
  Fates fates{stats};
  PointSink sink{settings, block_records_max, labels, fates};
  Windows windows{settings, sink};

  explicit Fixture(PipelineSettings from = raw_settings()) : settings(std::move(from)) {}

  void add(const Report& report) { windows.add(report.sample()); }
  std::vector<Block> blocks() {
    fates.publish();
    return sink.writer().take();
  }
  Lines all() {
    windows.close_all();
    return lines_of(blocks());
  }
};

Report count_at(TimeMs arrival, double value = 1) {
  return {.type = RawType::count, .value = value, .time = arrival, .arrival = arrival};
}

}  // namespace

TEST_CASE("the arrival decides the window, the body's time the point's", "[windows]") {
  Fixture fixture;
  fixture.add({.type = RawType::count, .value = 1, .time = 55000, .arrival = 9999});
  fixture.add({.type = RawType::count, .value = 2, .time = 54000, .arrival = 10000});
  CHECK(fixture.all() == Lines{"x{} count/10 @54000 = 2", "x{} count/10 @55000 = 1"});
}

TEST_CASE("arrivals before 1970 round down as well", "[windows]") {
  Fixture fixture;
  for (const TimeMs arrival : {-1, -10000, -10001, 0}) {
    fixture.windows.add({.name = "x",
                         .type = RawType::count,
                         .value = 1,
                         .time = window_start + arrival,
                         .arrival = arrival});
  }
  // [-20000, -10000), [-10000, 0) with two, [0, 10000)
  CHECK(fixture.all() ==
        Lines{"x{} count/10 @-10000 = 2", "x{} count/10 @-10001 = 1", "x{} count/10 @0 = 1"});
}

TEST_CASE("arrivals at the ends of time are windows like others", "[windows]") {
  Fixture fixture;
  for (const TimeMs arrival : {std::numeric_limits<TimeMs>::min(), std::numeric_limits<TimeMs>::max()}) {
    fixture.windows.add(
        {.name = "x", .type = RawType::count, .value = 1, .time = window_start, .arrival = arrival});
  }
  CHECK(fixture.all().size() == 2);
}

TEST_CASE("Correction a: points of one series in one window are merged, whatever their order", "[windows]") {
  Fixture fixture;
  fixture.add({.name = "a", .type = RawType::count, .value = 1});
  fixture.add({.name = "b", .type = RawType::count, .value = 5});
  fixture.add({.name = "a", .type = RawType::count, .value = 2});
  fixture.add({.name = "b", .type = RawType::count, .value = 6});
  CHECK(fixture.all() == Lines{"a{} count/10 @0 = 3", "b{} count/10 @0 = 11"});
}

TEST_CASE("Correction a: tags are a set, in any order and as often as they are given", "[windows]") {
  Fixture fixture;
  fixture.add({.type = RawType::count, .value = 1, .tags = {"a:1", "b:2"}});
  fixture.add({.type = RawType::count, .value = 2, .tags = {"b:2", "a:1"}});
  fixture.add({.type = RawType::count, .value = 4, .tags = {"b:2", "a:1", "b:2"}});
  CHECK(fixture.all() == Lines{"x{a:1,b:2} count/10 @0 = 7"});
}

TEST_CASE("another name, type or tag is another series", "[windows]") {
  Fixture fixture;
  fixture.add({.type = RawType::count, .value = 1});
  fixture.add({.type = RawType::gauge, .value = 2});
  fixture.add({.type = RawType::count, .value = 4, .tags = {"a:1"}});
  fixture.add({.name = "xa:1", .type = RawType::count, .value = 8});
  CHECK(fixture.all() ==
        Lines{"xa:1{} count/10 @0 = 8", "x{a:1} count/10 @0 = 4", "x{} count/10 @0 = 1", "x{} gauge @0 = 2"});
}

TEST_CASE("no byte in a tag makes two series one", "[windows]") {
  using namespace std::string_view_literals;
  Fixture fixture;
  fixture.add({.type = RawType::count, .value = 1, .tags = {"a", "b"}});
  fixture.add({.type = RawType::count, .value = 2, .tags = {"a\nb"}});
  fixture.add({.type = RawType::count, .value = 4, .tags = {"a\0\nb"sv}});
  fixture.add({.type = RawType::count, .value = 8, .tags = {"a\0b"sv}});
  CHECK(fixture.all().size() == 4);
}

TEST_CASE("Correction b: only windows that have ended are closed", "[windows]") {
  Fixture fixture;
  fixture.add(count_at(3000));
  fixture.add(count_at(12000, 2));
  fixture.windows.close(window_start + 9999);
  CHECK(lines_of(fixture.blocks()).empty());
  fixture.windows.close(window_start + 10000);
  CHECK(lines_of(fixture.blocks()) == Lines{"x{} count/10 @3000 = 1"});
  fixture.windows.close(window_start + 20000);
  CHECK(lines_of(fixture.blocks()) == Lines{"x{} count/10 @12000 = 2"});
}

TEST_CASE("nothing of a window is given twice, and what is late has only what is late", "[windows]") {
  Fixture fixture;
  fixture.add(count_at(3000));
  fixture.windows.close(window_start + 10000);
  CHECK(lines_of(fixture.blocks()) == Lines{"x{} count/10 @3000 = 1"});
  fixture.add(count_at(4000, 5));
  fixture.windows.close(window_start + 10000);
  CHECK(lines_of(fixture.blocks()) == Lines{"x{} count/10 @4000 = 5"});
  fixture.windows.close(window_start + 20000);
  CHECK(fixture.blocks().empty());
}

TEST_CASE("a window that a step of the clock left in the future is closed, the next one is not",
          "[windows]") {
  Fixture fixture;
  fixture.add(count_at(3'600'000));
  fixture.add(count_at(10500, 2));
  fixture.windows.close(window_start + 9999);
  CHECK(lines_of(fixture.blocks()) == Lines{"x{} count/10 @3600000 = 1"});
}

TEST_CASE("one window more than may be open closes the oldest", "[windows]") {
  Fixture fixture;
  for (std::size_t i = 0; i <= Windows::open_max; ++i) {
    fixture.add(count_at(static_cast<TimeMs>(i) * 10000, static_cast<double>(i)));
  }
  CHECK(lines_of(fixture.blocks()) == Lines{"x{} count/10 @0 = 0"});
  CHECK(fixture.all().size() == Windows::open_max);
}

TEST_CASE("points get the global tags, sorted, without duplicates", "[windows]") {
  PipelineSettings settings = raw_settings();
  settings.tags = {"site:7", "a:1"};
  Fixture fixture(settings);
  fixture.add({.type = RawType::count, .value = 1, .tags = {"z", "site:7"}});
  CHECK(fixture.all() == Lines{"x{a:1,site:7,z} count/10 @0 = 1"});
}

TEST_CASE("include and exclude see the name that is sent", "[windows]") {
  PipelineSettings settings = raw_settings();
  settings.include = {"x.*"};
  settings.exclude = {"*.median"};
  Fixture fixture(settings);
  fixture.add({.type = RawType::histogram, .value = 1});
  fixture.add({.type = RawType::gauge, .value = 1});
  CHECK(fixture.all() == Lines{"x.95percentile{} gauge @0 = 1", "x.avg{} gauge @0 = 1",
                               "x.count{} rate/10 @0 = 0.1", "x.max{} gauge @0 = 1"});
  CHECK(dropped(fixture.stats, "filtered") == 2);
}

TEST_CASE("series beyond series_max are dropped and counted, known ones go on", "[windows]") {
  PipelineSettings settings = raw_settings();
  settings.series_max = 2;
  Fixture fixture(settings);
  for (const std::string_view name : {"a", "b", "c", "a"}) {
    fixture.add({.name = name, .type = RawType::count, .value = 1});
  }
  CHECK(fixture.all() == Lines{"a{} count/10 @0 = 2", "b{} count/10 @0 = 1"});
  CHECK(dropped(fixture.stats, "series_max") == 1);
}

TEST_CASE("names and tags that no block takes are dropped and counted", "[windows]") {
  Fixture fixture;
  const std::string longest(Window::longest_key, 'x');
  const std::string long_tag(block_name_max + 1, 'x');
  fixture.add({.name = longest, .type = RawType::count, .value = 1});
  fixture.add({.type = RawType::count, .value = 1, .tags = {long_tag}});
  fixture.add({.type = RawType::count, .value = 1, .tags = std::vector<std::string_view>(200, "a")});
  CHECK(fixture.all().empty());
  CHECK(dropped(fixture.stats, "too_long") == 3);
}

TEST_CASE("more points than samples_max are dropped and counted", "[windows]") {
  PipelineSettings settings = raw_settings();
  settings.samples_max = 3;
  Fixture fixture(settings);
  fixture.add({.type = RawType::histogram, .value = 1});
  CHECK(fixture.all().size() == 3);
  CHECK(dropped(fixture.stats, "samples_max") == 2);
}

TEST_CASE("closing gives all memory back", "[windows]") {
  Fixture fixture;
  for (int i = 0; i < 5000; ++i) {
    fixture.add({.type = RawType::histogram, .value = static_cast<double>(i)});
    fixture.add({.type = RawType::set, .members = {std::to_string(i)}});
  }
  CHECK(fixture.windows.memory() > 16384);
  fixture.windows.close_all();
  CHECK(fixture.windows.memory() == 0);
}

TEST_CASE("Correction e: a million values of one series stay a few kilobytes", "[windows]") {
  PipelineSettings settings = raw_settings();
  settings.histogram_aggregates = {"avg", "count", "max", "min", "sum"};
  settings.histogram_percentiles = {};
  Fixture fixture(settings);
  for (int i = 1; i <= 1'000'000; ++i) {
    fixture.add({.type = RawType::histogram, .value = static_cast<double>(i)});
  }
  CHECK(fixture.windows.memory() < 20000);
  CHECK(fixture.all() == Lines{"x.avg{} gauge @0 = 500000.5", "x.count{} rate/10 @0 = 100000",
                               "x.max{} gauge @0 = 1000000", "x.min{} gauge @0 = 1",
                               "x.sum{} gauge @0 = 500000500000"});
}

TEST_CASE("Correction e: a flood of values, members and series stays below window_memory", "[windows]") {
  PipelineSettings settings = raw_settings();
  settings.series_max = 100'000;
  settings.window_memory = {1U << 20U};
  const CapturedLog log;
  Fixture fixture(settings);
  std::size_t most = 0;
  for (int i = 0; i < 300'000; ++i) {
    const std::string name = "series-" + std::to_string(i % 2000);
    const std::string member = std::to_string(i);
    fixture.add({.name = name,
                 .type = i % 4000 < 2000 ? RawType::histogram : RawType::set,
                 .value = i * 1.5,
                 .members = {member}});
    most = std::max(most, fixture.windows.memory());
  }
  CHECK(most <= 1U << 20U);
  CHECK(most > 1U << 19U);
  fixture.windows.close_all();
  fixture.fates.publish();
  CHECK(dropped(fixture.stats, "window_memory") > 0);
  CHECK(CapturedLog::count("event=window_memory_scarce") == 1);
}

TEST_CASE("when memory gets scarce, those who came first share it with those who come later", "[windows]") {
  PipelineSettings settings = raw_settings();
  settings.histogram_aggregates = {"median"};
  settings.histogram_percentiles = {};
  settings.window_memory = {1U << 20U};
  const CapturedLog log;
  Fixture fixture(settings);
  // 300 histograms of 1000 values would take 2.4 MB.
  for (int i = 0; i < 300'000; ++i) {
    const std::string name = "h" + std::to_string(i / 1000);
    fixture.add({.name = name, .type = RawType::histogram, .value = 1000.0 + i % 1000});
  }
  CHECK(fixture.windows.memory() <= 1U << 20U);
  fixture.windows.close_all();
  std::size_t close = 0;
  for (const Block& block : fixture.blocks()) {
    const auto set = decode_block(block.bytes);
    REQUIRE(set);
    for (const Sample& sample : set->samples) {
      if (sample.value == Approx(1499.5).epsilon(0.0101)) ++close;
    }
  }
  CHECK(close == 300);
}

TEST_CASE("what is forgotten makes no points and takes no memory", "[windows]") {
  Fixture fixture;
  fixture.add({.type = RawType::histogram, .value = 1});
  fixture.windows.clear();
  CHECK(fixture.windows.memory() == 0);
  CHECK(fixture.all().empty());
}
