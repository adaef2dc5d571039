#include "transport/outputs/stdout/render.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

#include "core/io/json.hpp"
#include "tests/support/series.hpp"

using scops::append_json_line;
using scops::append_json_lines;
using scops::append_log_json;
using scops::append_log_table;
using scops::append_table;
using scops::JsonDoc;
using scops::LogRecord;
using scops::Metric;
using scops::MetricType;
using scops::SampleSet;
using scops::Tag;
using scops::test::series;

namespace {

std::string json(const Metric& metric) {
  std::string line;
  append_json_line(line, metric);
  return line;
}

std::string table(const SampleSet& set) {
  std::string text;
  append_table(text, set);
  return text;
}

std::string log_table(const std::vector<LogRecord>& logs, std::size_t width = 200) {
  std::string text;
  append_log_table(text, logs, width);
  return text;
}

constexpr scops::TimeMs noon = 1'714'564'800'000;

}  // namespace

TEST_CASE("json lines: a metric with tags") {
  const std::vector<Tag> tags = {{"period", "1m"}, {"urgent", ""}};
  CHECK(
      json({.name = "host.la", .value = 0.5, .tags = tags, .time = 1'700'000'000'250}) ==
      "{\"metric\":\"host.la\",\"type\":\"gauge\",\"tags\":{\"period\":\"1m\",\"urgent\":\"\"},\"value\":0.5,"
      "\"timestamp\":1700000000.25}\n");
}

TEST_CASE("json lines: a key that occurs twice has a list, wherever it stands") {
  const std::vector<Tag> tags = {{"b", "2"}, {"a", "x"}, {"b", "1"}};
  CHECK(json({.name = "m", .tags = tags}).find(R"("tags":{"a":"x","b":["1","2"]})") != std::string::npos);
}

TEST_CASE("json lines: no tags are an empty map, types have their names") {
  const auto line = json({.name = "m", .type = MetricType::count});
  CHECK(line.find(R"("type":"count","tags":{})") != std::string::npos);
}

TEST_CASE("json lines: a set gives a line for each sample") {
  std::string text;
  append_json_lines(text, {.series = {series("a", {"k:v:w"}), series("b")},
                           .samples = {{0, 1000, 1}, {0, 2000, 2}, {1, 1000, 3}}});
  CHECK(text == R"({"metric":"a","type":"gauge","tags":{"k":"v:w"},"value":1,"timestamp":1})"
                "\n"
                R"({"metric":"a","type":"gauge","tags":{"k":"v:w"},"value":2,"timestamp":2})"
                "\n"
                R"({"metric":"b","type":"gauge","tags":{},"value":3,"timestamp":1})"
                "\n");
}

TEST_CASE("json lines: hostile names and values that JSON cannot say are still one line of JSON") {
  const std::vector<Tag> tags = {{"k\n", "\xff"}};
  const auto line = json({.name = "a\"\n", .value = std::numeric_limits<double>::quiet_NaN(), .tags = tags});
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(JsonDoc::parse(line));
  CHECK(line.find("\"value\":null") != std::string::npos);
}

TEST_CASE("table: a heading, then aligned lines") {
  const SampleSet set{
      .series = {series("host.cpu.percentage"), series("host.fs.free", {"device:/dev/sda1", "x:y"})},
      .samples = {{0, 1'714'564'790'000, 12.5}, {1, 1'714'564'800'000, 12'345'678'912}}};
  CHECK(table(set) ==
        "2024-05-01 12:00:00 UTC, 2 points\n"
        "  11:59:50  host.cpu.percentage            12.5\n"
        "  12:00:00  host.fs.free         12,345,678,912  device:/dev/sda1 x:y\n");
}

TEST_CASE("table: values are written as people count") {
  const auto [value, text] = GENERATE(Catch::Generators::table<double, std::string>({
      {0, " 0\n"},
      {-0.25, " -0.25\n"},
      {1000, " 1,000\n"},
      {-1234567.891, " -1,234,567.891\n"},
      {999.9999, " 1,000\n"},
      {100, " 100\n"},
      {1.0 / 3, " 0.333\n"},
      {0.00012345, " 0.0001234\n"},
      {1e300, " 1e+300\n"},
  }));
  CHECK(table({.series = {series("m")}, .samples = {{0, 0, value}}}).ends_with(text));
}

TEST_CASE("table: one endless name does not push the others out") {
  const SampleSet set{.series = {series("short"), series(std::string(500, 'x'))},
                      .samples = {{0, 0, 1}, {1, 0, 2}}};
  const std::string text = table(set);
  CHECK(text.find("  00:00:00  short  1\n") != std::string::npos);
  CHECK(text.size() < 400);
}

TEST_CASE("table: nothing can steer the terminal") {
  const SampleSet set{.series = {series("a\x1b[2J\r\n", {"k:\x1b]0;x\x07"})}, .samples = {{0, 0, 1}}};
  const std::string text = table(set);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\r') == std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

TEST_CASE("table: nothing for nothing, and absurd times do no harm") {
  CHECK(table({}).empty());
  const SampleSet set{.series = {series("m")}, .samples = {{0, std::numeric_limits<std::int64_t>::max(), 1}}};
  CHECK_FALSE(table(set).empty());
}

TEST_CASE("log table: a heading, then a line for each with time, level, service and message") {
  CHECK(log_table({{noon - 10'000, R"({"level":"WARNING","message":{"text":"hot","celsius":80.50}})"},
                   {noon, R"({"service":"web","message":"caf\u00e9 opened","level":"INFO","x":1})"}}) ==
        "2024-05-01 12:00:00 UTC, 2 logs\n"
        "  11:59:50  WARNING       {\"text\":\"hot\",\"celsius\":80.50}\n"
        "  12:00:00  INFO     web  caf\xc3\xa9 opened\n");
}

TEST_CASE("log table: lines are cut at the width, in characters") {
  const std::string text =
      log_table({{noon, R"({"level":"INFO","message":")" + std::string(500, 'x') + "\"}"},
                 {noon, R"({"message":"\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"})"}},
                23);
  CHECK(text ==
        "2024-05-01 12:00:00 UTC, 2 logs\n"
        "  12:00:00  INFO    xxx\n"
        "  12:00:00          \xc3\xa9\xc3\xa9\xc3\xa9\n");
}

TEST_CASE("log table: nothing can steer the terminal, and a record is one line") {
  const std::string text =
      log_table({{noon, R"({"level":"\u001b[2J","service":"a\nb","message":"x\r\n\u001b]0;y\u0007"})"}});
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\r') == std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

TEST_CASE("log table: records without the usual members, or that are none at all, are still lines") {
  const std::string odd =
      GENERATE("{}", "nonsense", "", R"({"level":null,"service":null,"message":null})", R"({"message":)");
  CHECK(log_table({{noon, odd}}).starts_with("2024-05-01 12:00:00 UTC, 1 log\n  12:00:00"));
  CHECK(log_table({}).empty());
}

TEST_CASE("log lines: records as they are, line ends between members become blanks") {
  std::string text;
  append_log_json(text, std::vector<LogRecord>{{noon, R"({"n":1.50,"t":"a\nb"})"}, {noon, "{\n\"a\":1\r}"}});
  CHECK(text == "{\"n\":1.50,\"t\":\"a\\nb\"}\n{ \"a\":1 }\n");
}
