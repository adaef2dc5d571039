#include "agent/pipeline/wrapper.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>

#include "core/io/block_codec.hpp"
#include "tests/agent/pipeline/reports.hpp"

using namespace scops;
using namespace scops::test;

namespace {

PipelineSettings simple() {
  PipelineSettings settings = raw_settings();
  settings.wrapper = "simple";
  return settings;
}

// Histograms reduced to the named aggregates and percentiles.
PipelineSettings only(TextList aggregates, TextList percentiles = {}) {
  PipelineSettings settings = raw_settings();
  settings.histogram_aggregates = std::move(aggregates);
  settings.histogram_percentiles = std::move(percentiles);
  return settings;
}

std::vector<Report> reports(RawType type, std::vector<double> values) {
  std::vector<Report> all;
  for (const double value : values) {
    all.push_back({.type = type, .value = value, .time = second * static_cast<TimeMs>(all.size() + 1)});
  }
  return all;
}

std::string suffix_of(const std::string& text) {
  const auto percentiles = parse_percentiles({text});
  REQUIRE(percentiles);
  return percentiles->at(0).suffix;
}

}  // namespace

TEST_CASE("datadog: a count is the sum, with the window as interval, at the earliest time", "[wrapper]") {
  CHECK(aggregated(raw_settings(), {{.type = RawType::count, .value = 2, .time = 5000},
                                    {.type = RawType::count, .value = 3.5, .time = 1000},
                                    {.type = RawType::count, .value = -1, .time = 9000}}) ==
        Lines{"x{} count/10 @1000 = 4.5"});
}

TEST_CASE("datadog: a rate is the sum by the length of the window, at the earliest time", "[wrapper]") {
  CHECK(aggregated(raw_settings(), reports(RawType::rate, {20, 5})) == Lines{"x{} rate/10 @1000 = 2.5"});
}

TEST_CASE("datadog: a gauge is the value with the latest time, at the earliest time", "[wrapper]") {
  CHECK(aggregated(raw_settings(),
                   {{.value = 2, .time = 5000}, {.value = 7, .time = 9000}, {.value = 3, .time = 1000}}) ==
        Lines{"x{} gauge @1000 = 7"});
}

TEST_CASE("datadog: of several gauges at the latest time the first one counts", "[wrapper]") {
  CHECK(aggregated(raw_settings(), {{.value = 2, .time = 5000}, {.value = 7, .time = 5000}}) ==
        Lines{"x{} gauge @5000 = 2"});
}

TEST_CASE("datadog: a set is the number of distinct elements over all lists, a count", "[wrapper]") {
  CHECK(
      aggregated(raw_settings(),
                 {{.type = RawType::set, .time = 2000, .members = {"\"Alice\"", "\"Bob\""}},
                  {.type = RawType::set, .time = 9000, .members = {"\"Bob\"", "\"Carol\"", "1", "\"1\""}}}) ==
      Lines{"x{} count/10 @2000 = 5"});
}

TEST_CASE("datadog: a set of nothing is 0", "[wrapper]") {
  CHECK(aggregated(raw_settings(), {{.type = RawType::set}}) == Lines{"x{} count/10 @0 = 0"});
}

TEST_CASE("datadog: a histogram becomes max, median, avg, count and the 95th percentile", "[wrapper]") {
  CHECK(aggregated(raw_settings(), reports(RawType::histogram, {4, 1, 2, 3})) ==
        Lines{"x.95percentile{} gauge @1000 = 3.8499999999999996", "x.avg{} gauge @1000 = 2.5",
              "x.count{} rate/10 @1000 = 0.4", "x.max{} gauge @1000 = 4", "x.median{} gauge @1000 = 2.5"});
}

TEST_CASE("datadog: HISTOGRAM_AGGREGATES also knows min and sum", "[wrapper]") {
  CHECK(aggregated(only({"min", "sum"}), reports(RawType::histogram, {4, 1, -2})) ==
        Lines{"x.min{} gauge @1000 = -2", "x.sum{} gauge @1000 = 3"});
}

TEST_CASE("datadog: the aggregates of a histogram do not depend on what its name contains", "[wrapper]") {
  const Report report{.name = "my.percentile.sum", .type = RawType::histogram, .value = 1};
  CHECK(aggregated(only({"max"}), {report}) == Lines{"my.percentile.sum.max{} gauge @0 = 1"});
}

TEST_CASE("datadog: percentiles lie between the closest ranks, in proportion", "[wrapper]") {
  // (n - 1) x p = 4 x 0.3 = 1.2: a fifth of the way from 20 to 40.
  const auto histogram = reports(RawType::histogram, {80, 10, 40, 20, 160});
  CHECK(aggregated(only({}, {"0.3"}), histogram) == Lines{"x.30percentile{} gauge @1000 = 24"});
  CHECK(aggregated(only({}, {"0.25"}), histogram) == Lines{"x.25percentile{} gauge @1000 = 20"});
}

TEST_CASE("datadog: a histogram of one value is that value in every respect", "[wrapper]") {
  CHECK(aggregated(raw_settings(), reports(RawType::histogram, {7})) ==
        Lines{"x.95percentile{} gauge @1000 = 7", "x.avg{} gauge @1000 = 7", "x.count{} rate/10 @1000 = 0.1",
              "x.max{} gauge @1000 = 7", "x.median{} gauge @1000 = 7"});
}

TEST_CASE("datadog: a distribution is treated as a histogram", "[wrapper]") {
  CHECK(aggregated(only({"max"}), reports(RawType::distribution, {1, 5, 2})) ==
        Lines{"x.max{} gauge @1000 = 5"});
}

TEST_CASE("datadog: an unknown type is dropped and counted", "[wrapper]") {
  Stats stats;
  Pipeline pipeline(raw_settings(), 100, stats);
  pipeline.add_raw(Report{.type = RawType::other, .value = 1}.sample());
  CHECK(pipeline.flush(window_start, true).empty());
  CHECK(dropped(stats, "unknown_type") == 1);
}

TEST_CASE("Correction: percentiles are named by the shortest decimal, not cut to a whole number",
          "[wrapper]") {
  CHECK(suffix_of("0.95") == ".95percentile");
  CHECK(suffix_of("0.999") == ".99.9percentile");
  CHECK(suffix_of("0.99") == ".99percentile");
  CHECK(suffix_of("0.29") == ".29percentile");
  CHECK(suffix_of("0.5") == ".50percentile");
  CHECK(suffix_of("0.05") == ".5percentile");
  CHECK(suffix_of("0.005") == ".0.5percentile");
  CHECK(suffix_of("0.0001") == ".0.01percentile");
  CHECK(suffix_of(".9") == ".90percentile");
  CHECK(suffix_of("9.5e-1") == ".95percentile");
  CHECK(suffix_of("0.950") == ".95percentile");
  CHECK(suffix_of("5e-324").size() == std::string(".0.percentile").size() + 322);
}

TEST_CASE("every percentage of two digits keeps its name", "[wrapper]") {
  for (int percent = 1; percent < 100; ++percent) {
    CHECK(suffix_of(fmt::format("0.{:02}", percent)) == fmt::format(".{}percentile", percent));
  }
}

TEST_CASE("the least and the greatest value are percentiles too", "[wrapper]") {
  CHECK(suffix_of("0") == ".0percentile");
  CHECK(suffix_of("0.0") == ".0percentile");
  CHECK(suffix_of("1.0") == ".100percentile");
}

TEST_CASE("percentiles that are none are refused in one line", "[wrapper]") {
  PipelineSettings settings = raw_settings();
  settings.histogram_percentiles = {"0.95", GENERATE("1.01", "95", "-0.5", "p95", "", "nan")};
  const Status valid = validate(settings);
  REQUIRE_FALSE(valid);
  CHECK(valid.error().kind == ErrorKind::refused);
  CHECK(valid.error().text == "pipeline.histogram_percentiles: \"" + settings.histogram_percentiles[1] +
                                  "\" is no number from 0 to 1, for example 0.95");
}

TEST_CASE("more percentiles than anybody needs are refused", "[wrapper]") {
  PipelineSettings settings = raw_settings();
  settings.histogram_percentiles.assign(21, "0.5");
  CHECK(validate(settings).error().text == "pipeline.histogram_percentiles: 21 of them, at most 20");
}

TEST_CASE("equal percentiles are sent once", "[wrapper]") {
  CHECK(aggregated(only({}, {"0.5", "0.50", ".5"}), reports(RawType::histogram, {1})).size() == 1);
}

TEST_CASE("simple: a count is the sum, at the latest time", "[wrapper]") {
  CHECK(aggregated(simple(), {{.type = RawType::count, .value = 2, .time = 5000},
                              {.type = RawType::count, .value = 3, .time = 1000}}) ==
        Lines{"x{} count/10 @5000 = 5"});
}

TEST_CASE("simple: anything else is the mean and the number, at the latest time", "[wrapper]") {
  const RawType type =
      GENERATE(RawType::gauge, RawType::rate, RawType::histogram, RawType::distribution, RawType::other);
  CHECK(aggregated(simple(), reports(type, {1, 2, 6})) ==
        Lines{"x.count{} count/10 @3000 = 3", "x{} gauge @3000 = 3"});
}

TEST_CASE("simple: types that we do not know stay apart", "[wrapper]") {
  Stats stats;
  Pipeline pipeline(simple(), 100, stats);
  for (const std::string_view type : {"timer", "meter", "timer"}) {
    pipeline.add_raw({.name = "x", .type = RawType::other, .other_type = type, .value = 1, .time = 1000});
  }
  const auto set = decode_block(pipeline.flush(window_start, true).at(0).bytes);
  REQUIRE(set);
  std::vector<double> counts;
  for (const Sample& sample : set->samples) {
    if (set->series[sample.series].name == "x.count") counts.push_back(sample.value);
  }
  std::sort(counts.begin(), counts.end());
  CHECK(counts == std::vector<double>{1, 2});
}

TEST_CASE("simple: Correction: a set becomes its number of distinct elements, it has no mean", "[wrapper]") {
  CHECK(aggregated(simple(), {{.type = RawType::set, .time = 2000, .members = {"a", "b"}},
                              {.type = RawType::set, .time = 4000, .members = {"b", "c"}}}) ==
        Lines{"x.count{} count/10 @4000 = 2", "x{} gauge @4000 = 3"});
}

TEST_CASE("METRICS_WRAPPER is case-insensitive", "[wrapper]") {
  PipelineSettings settings = raw_settings();
  settings.wrapper = GENERATE("Simple", "SIMPLE");
  CHECK(aggregated(settings, reports(RawType::gauge, {1})).size() == 2);
  settings.wrapper = "DataDog";
  CHECK(aggregated(settings, reports(RawType::gauge, {1})).size() == 1);
}

TEST_CASE("Correction c: an interval other than 10 is that of every point", "[wrapper]") {
  PipelineSettings settings = raw_settings();
  settings.interval = std::chrono::seconds(20);
  CHECK(aggregated(settings, reports(RawType::count, {1, 2})) == Lines{"x{} count/20 @1000 = 3"});
  CHECK(aggregated(settings, reports(RawType::rate, {1, 2})) == Lines{"x{} rate/20 @1000 = 0.15"});
  CHECK(aggregated(settings, {{.type = RawType::set, .members = {"a"}}}) == Lines{"x{} count/20 @0 = 1"});
  settings.wrapper = "simple";
  CHECK(aggregated(settings, reports(RawType::gauge, {1, 3})) ==
        Lines{"x.count{} count/20 @2000 = 2", "x{} gauge @2000 = 2"});
}

TEST_CASE("a sum that overflows makes no point", "[wrapper]") {
  Stats stats;
  Pipeline pipeline(raw_settings(), 100, stats);
  const double most = std::numeric_limits<double>::max();
  for (int i = 0; i < 2; ++i) pipeline.add_raw(Report{.type = RawType::count, .value = most}.sample());
  CHECK(pipeline.flush(window_start, true).empty());
  CHECK(dropped(stats, "not_finite") == 1);
}

TEST_CASE("a percentile between the two largest doubles does not overflow", "[wrapper]") {
  const double most = std::numeric_limits<double>::max();
  CHECK(aggregated(only({"median"}), reports(RawType::histogram, {most, -most})) ==
        Lines{"x.median{} gauge @1000 = 0"});
}

TEST_CASE("what is no finite number is dropped alone", "[wrapper]") {
  Stats stats;
  Pipeline pipeline(raw_settings(), 100, stats);
  for (const double value :
       {1.0, std::numeric_limits<double>::quiet_NaN(), 2.0, -std::numeric_limits<double>::infinity()}) {
    pipeline.add_raw(Report{.type = RawType::count, .value = value}.sample());
  }
  CHECK(lines_of(pipeline.flush(window_start, true)) == Lines{"x{} count/10 @0 = 3"});
  CHECK(dropped(stats, "not_finite") == 2);
}
