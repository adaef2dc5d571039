#include "transport/outputs/datadog/encode.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

#include "core/io/json.hpp"
#include "tests/support/series.hpp"

using scops::encode_series;
using scops::JsonDoc;
using scops::MetricType;
using scops::SampleSet;
using scops::test::series;

namespace {

std::string encoded(const SampleSet& set, std::string_view host = {}) {
  std::string body;
  encode_series(set, host, body);
  return body;
}

}  // namespace

TEST_CASE("datadog encode: the body of one gauge, byte by byte") {
  const SampleSet set{.series = {series("host.la", {"period:1m", "site:a"})},
                      .samples = {{0, 1'700'000'000'000, 0.5}}};
  CHECK(encoded(set, "board") ==
        R"({"series":[{"metric":"host.la","tags":["period:1m","site:a"],"points":[[1700000000,0.5]],)"
        R"("type":"gauge","host":"board"}]})");
}

TEST_CASE("datadog encode: points of one series share an entry") {
  const SampleSet set{.series = {series("a"), series("b")},
                      .samples = {{0, 1000, 1}, {0, 2000, 2}, {0, 3500, 3}, {1, 1000, 4}}};
  CHECK(encoded(set) ==
        R"({"series":[{"metric":"a","tags":[],"points":[[1,1],[2,2],[3.5,3]],"type":"gauge"},)"
        R"({"metric":"b","tags":[],"points":[[1,4]],"type":"gauge"}]})");
}

TEST_CASE("datadog encode: counts and rates carry their interval, a distribution goes as gauge") {
  const SampleSet set{
      .series = {series("c", {}, MetricType::count, 10), series("d", {}, MetricType::distribution),
                 series("r", {}, MetricType::rate, 60)},
      .samples = {{0, 0, 1}, {1, 0, 1}, {2, 0, 1}}};
  const std::string body = encoded(set);
  const auto doc = JsonDoc::parse(body);
  REQUIRE(doc);
  const auto all = doc->root()["series"];
  CHECK(all.at(0)["type"].text() == "count");
  CHECK(all.at(0)["interval"].number() == 10);
  CHECK(all.at(1)["type"].text() == "gauge");
  CHECK_FALSE(all.at(1)["interval"].exists());
  CHECK(all.at(2)["type"].text() == "rate");
  CHECK(all.at(2)["interval"].number() == 60);
}

TEST_CASE("datadog encode: milliseconds survive, whole seconds stay whole") {
  const SampleSet set{
      .series = {series("a")},
      .samples = {{0, 1'700'000'000'001, 1}, {0, 1'700'000'000'120, 1}, {0, 1'700'000'001'000, 1}}};
  CHECK(encoded(set).find("[[1700000000.001,1],[1700000000.12,1],[1700000001,1]]") != std::string::npos);
}

TEST_CASE("datadog encode: zero, negative, tiny and huge values survive") {
  const double value = GENERATE(0.0, -1.5, 1e-300, 1.7e308, 12345678901234567.0, 0.1);
  const SampleSet set{.series = {series("a")}, .samples = {{0, 1000, value}}};
  const auto doc = JsonDoc::parse(encoded(set));
  REQUIRE(doc);
  CHECK(doc->root()["series"].at(0)["points"].at(0).at(1).number() == value);
}

TEST_CASE("datadog encode: hostile names and tags are still JSON") {
  const std::string name = GENERATE(std::string("quote\" back\\slash"), std::string("line\nend\x01"),
                                    std::string("\xff\xfe broken"), std::string("\0zero", 5));
  const SampleSet set{.series = {series(name, {name})}, .samples = {{0, 1000, 1}}};
  const auto doc = JsonDoc::parse(encoded(set, name));
  REQUIRE(doc);
  CHECK(doc->root()["series"].at(0)["metric"].text().has_value());
  CHECK(doc->root()["series"].at(0)["tags"].size() == 1);
}

TEST_CASE(
    "datadog encode: values that JSON cannot say are left out, and a series of nothing else with them") {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const SampleSet set{.series = {series("a"), series("b"), series("c")},
                      .samples = {{0, 1000, nan}, {1, 1000, inf}, {1, 2000, 5}, {2, 1000, -inf}}};
  std::string body;
  CHECK(encode_series(set, "", body) == 1);
  CHECK(body == R"({"series":[{"metric":"b","tags":[],"points":[[2,5]],"type":"gauge"}]})");
}

TEST_CASE("datadog encode: nothing is an empty list") {
  std::string body;
  CHECK(encode_series({}, "h", body) == 0);
  CHECK(body == R"({"series":[]})");
}
