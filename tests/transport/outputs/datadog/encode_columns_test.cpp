#include "transport/outputs/datadog/encode_columns.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/columns.hpp"
#include "tests/support/series.hpp"

using scops::MetricType;
using scops::SampleSet;
using scops::test::ColumnSeries;
using scops::test::read_columns;
using scops::test::series;

namespace {

using Points = std::vector<std::pair<std::int64_t, double>>;

struct Encoded {
  std::size_t points = 0;
  std::string body;
  std::vector<std::size_t> cuts;
};

Encoded encoded(const SampleSet& set, std::string_view host = {}, std::string before = {}) {
  Encoded result;
  result.body = std::move(before);
  result.points = scops::encode_columns(set, host, result.body, result.cuts);
  return result;
}

std::vector<ColumnSeries> sent(const SampleSet& set, std::string_view host = {}) {
  return read_columns(encoded(set, host).body);
}

// One gauge of these values, ten seconds apart.
ColumnSeries sent_values(const std::vector<double>& values) {
  SampleSet set{.series = {series("a")}, .samples = {}};
  for (const double value : values) set.samples.push_back({0, 10'000, value});
  return sent(set).at(0);
}

constexpr std::uint64_t zero = 0x00;
constexpr std::uint64_t integers = 0x10;
constexpr std::uint64_t floats = 0x20;
constexpr std::uint64_t doubles = 0x30;

}  // namespace

TEST_CASE("datadog columns: the body of one gauge, byte by byte") {
  const SampleSet set{.series = {series("la", {"a:1", "b:2"})}, .samples = {{0, 1'000, 0.5}, {0, 11'000, 1}}};
  const Encoded result = encoded(set, "board");
  CHECK(result.points == 2);
  const std::string data = std::string("\x0A\x03\x02la") +
                           "\x12\x08\x03"
                           "a:1\x03"
                           "b:2" +
                           "\x1A\x03\x04\x02\x02" +
                           "\x22\x0B\x04host\x05"
                           "board" +
                           "\x2A\x01\x01" + "\x32\x01\x02" + "\x3A\x01\x04" + "\x52\x01\x23" +
                           "\x5A\x01\x02" + "\x62\x01\x02" + "\x6A\x01\x02" + std::string("\x72\x01\x00", 3) +
                           "\x7A\x01\x02" + "\x82\x01\x02\x02\x14" +
                           std::string("\x92\x01\x08\x00\x00\x00\x3F\x00\x00\x80\x3F", 11) +
                           std::string("\xBA\x01\x01\x00\xC2\x01\x01\x00", 8);
  CHECK(result.body == std::string("\x1A") + static_cast<char>(data.size()) + data);
}

TEST_CASE("datadog columns: series keep their names, tags, points and host apart") {
  const SampleSet set{
      .series = {series("a", {"x:1", "y"}), series("b"), series("a", {"y", "z:2"}),
                 series("c", {"x:1", "y"})},
      .samples = {{0, 1'000, 1}, {0, 2'000, 2}, {1, 1'000, 3}, {2, 500'000, 4}, {3, 1'000, 0.25}}};
  const auto all = sent(set, "board");
  REQUIRE(all.size() == 4);
  CHECK(all[0].name == "a");
  CHECK(all[0].tags == std::vector<std::string>{"x:1", "y"});
  CHECK(all[0].points == Points{{1, 1}, {2, 2}});
  CHECK(all[1].name == "b");
  CHECK(all[1].tags.empty());
  CHECK(all[1].points == Points{{1, 3}});
  CHECK(all[2].name == "a");
  CHECK(all[2].tags == std::vector<std::string>{"y", "z:2"});
  CHECK(all[2].points == Points{{500, 4}});
  CHECK(all[3].tags == std::vector<std::string>{"x:1", "y"});
  CHECK(all[3].points == Points{{1, 0.25}});
  for (const ColumnSeries& one : all) CHECK(one.host == "board");
}

TEST_CASE("datadog columns: without a host there is no resource") {
  const SampleSet set{.series = {series("a")}, .samples = {{0, 1'000, 1}}};
  CHECK(sent(set).at(0).host.empty());
}

TEST_CASE("datadog columns: the device of a series stands beside its host, not among its tags") {
  const SampleSet set{
      .series = {series("a", {"device:/dev/sda", "x:1"}), series("b", {"device:/dev/sdb"}),
                 series("c", {"x:1"}), series("d", {"device:/dev/sda"}), series("e", {"", "device:"})},
      .samples = {{0, 0, 1}, {1, 0, 1}, {2, 0, 1}, {3, 0, 1}, {4, 0, 1}}};
  const std::string host = GENERATE("board", "");
  using Texts = std::vector<std::string>;
  const auto all = sent(set, host);
  REQUIRE(all.size() == 5);
  for (const ColumnSeries& one : all) CHECK(one.host == host);
  CHECK(all[0].tags == Texts{"x:1"});
  CHECK(all[0].devices == Texts{"/dev/sda"});
  CHECK(all[1].tags.empty());
  CHECK(all[1].devices == Texts{"/dev/sdb"});
  CHECK(all[2].tags == Texts{"x:1"});
  CHECK(all[2].devices.empty());
  CHECK(all[3].devices == Texts{"/dev/sda"});
  CHECK(all[4].tags == Texts{"device:"});
  CHECK(all[4].devices.empty());
}

TEST_CASE("datadog columns: a host named host is one") {
  const SampleSet set{.series = {series("a")}, .samples = {{0, 1'000, 1}}};
  CHECK(sent(set, "host").at(0).host == "host");
}

TEST_CASE("datadog columns: counts and rates carry their interval, a distribution goes as gauge") {
  const SampleSet set{
      .series = {series("c", {}, MetricType::count, 10), series("d", {}, MetricType::distribution),
                 series("r", {}, MetricType::rate, 60)},
      .samples = {{0, 0, 1}, {1, 0, 1}, {2, 0, 1}}};
  const auto all = sent(set);
  CHECK(all.at(0).type == 1);
  CHECK(all.at(0).interval == 10);
  CHECK(all.at(1).type == 3);
  CHECK(all.at(1).interval == 0);
  CHECK(all.at(2).type == 2);
  CHECK(all.at(2).interval == 60);
}

TEST_CASE("datadog columns: each form of a value is exact") {
  struct Row {
    std::vector<double> values;
    std::uint64_t form;
  };
  const Row row = GENERATE(values<Row>({
      {{0, 0}, zero},
      {{0, 7}, integers},
      {{-1, 8191}, integers},
      {{8192}, floats},
      {{281474976710656.0}, floats},
      {{0, 0.5}, floats},
      {{8192, 16777217}, doubles},
      {{16777217, 0.5}, doubles},
      {{0.1}, doubles},
      {{1e300, 0}, doubles},
      {{-1e-300}, doubles},
      {{12345678901234567.0}, doubles},
  }));
  const ColumnSeries series = sent_values(row.values);
  CHECK(series.form == row.form);
  REQUIRE(series.points.size() == row.values.size());
  for (std::size_t i = 0; i < row.values.size(); ++i) CHECK(series.points[i].second == row.values[i]);
}

TEST_CASE("datadog columns: a time is its whole second") {
  const SampleSet set{.series = {series("a")}, .samples = {{0, 1'700'000'000'999, 1}}};
  CHECK(sent(set).at(0).points.at(0).first == 1'700'000'000);
}

TEST_CASE(
    "datadog columns: values that are no numbers are left out, and a series of nothing else with them") {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const SampleSet set{.series = {series("a"), series("b"), series("c")},
                      .samples = {{0, 1000, nan}, {1, 1000, inf}, {1, 2000, 5}, {2, 1000, -inf}}};
  const Encoded result = encoded(set);
  CHECK(result.points == 1);
  const auto all = read_columns(result.body);
  REQUIRE(all.size() == 1);
  CHECK(all[0].name == "b");
  CHECK(all[0].points == Points{{2, 5}});
}

TEST_CASE("datadog columns: texts that are no UTF-8 become such") {
  const SampleSet set{.series = {series("\xFFname", {"t\xFE"})}, .samples = {{0, 1000, 1}}};
  const auto all = sent(set);
  CHECK(all.at(0).name == "\uFFFDname");
  CHECK(all.at(0).tags == std::vector<std::string>{"t\uFFFD"});
}

TEST_CASE("datadog columns: a column of a kilobyte is told to the compressor") {
  SampleSet set{.series = {series("a")}, .samples = {}};
  for (int i = 0; i < 127; ++i) set.samples.push_back({0, 10'000, 0.1});
  CHECK(encoded(set).cuts.empty());
  set.samples.push_back({0, 10'000, 0.1});
  const Encoded result = encoded(set, {}, "before");
  REQUIRE(result.cuts.size() == 1);
  // Field 19, of 1024 bytes.
  CHECK(result.body.substr(result.cuts[0], 4) == "\x9A\x01\x80\x08");
  CHECK(result.body.starts_with("before"));
}
