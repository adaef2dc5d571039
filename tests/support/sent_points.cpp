#include "tests/support/sent_points.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <iterator>

#include "core/io/block_codec.hpp"
#include "core/io/json.hpp"
#include "core/io/sqlite.hpp"
#include "core/model/size.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/columns.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;

std::string joined_tags(std::vector<std::string> tags) {
  std::sort(tags.begin(), tags.end());
  return fmt::format("{}", fmt::join(tags, ","));
}

void append_entry(const JsonDoc::Value& entry, std::vector<SentPoint>& into) {
  std::vector<std::string> tags;
  for (std::size_t i = 0; i < entry["tags"].size(); ++i)
    tags.push_back(entry["tags"].at(i).text().value_or("?"));
  const auto points = entry["points"];
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto time = points.at(i).at(0).number();
    const auto value = points.at(i).at(1).number();
    if (!time || !value) FAIL("a point is no pair of numbers");
    SentPoint& point = into.emplace_back();
    point.id = {entry["metric"].text().value_or("?"), joined_tags(tags), std::llround(*time * 1000)};
    point.value = *value;
    point.host = entry["host"].text().value_or("");
    point.type = entry["type"].text().value_or("?");
  }
}

// The words of /v1/series.
std::string type_name(std::uint64_t type) {
  constexpr std::array<std::string_view, 4> names{"?", "count", "rate", "gauge"};
  return std::string(names.at(size_from(type)));
}

std::vector<SentPoint> points_of_columns(const SinkRequest& request) {
  std::vector<SentPoint> points;
  for (const ColumnSeries& series : read_columns(unzstd(request.raw_body))) {
    std::vector<std::string> tags = series.tags;
    for (const std::string& device : series.devices) tags.push_back("device:" + device);
    for (const auto& [seconds, value] : series.points) {
      points.push_back(
          {{series.name, joined_tags(tags), seconds * 1000}, value, series.host, type_name(series.type)});
    }
  }
  return points;
}

}  // namespace

std::string to_string(const PointId& point) {
  return fmt::format("{}{{{}}}@{}", point.metric, point.tags, point.time_ms);
}

std::vector<SentPoint> points_of(const SinkRequest& request) {
  if (request.target == "/api/intake/metrics/v3/series") return points_of_columns(request);
  const auto doc = JsonDoc::parse(request.body);
  INFO(request.method << " " << request.target << ": " << request.body.substr(0, 300));
  REQUIRE(doc);
  const auto series = doc->root()["series"];
  REQUIRE(series.is_array());
  std::vector<SentPoint> points;
  for (std::size_t i = 0; i < series.size(); ++i) append_entry(series.at(i), points);
  return points;
}

std::vector<SentPoint> points_of(const std::vector<SinkRequest>& requests) {
  std::vector<SentPoint> all;
  for (const SinkRequest& request : requests) {
    const auto points = points_of(request);
    all.insert(all.end(), points.begin(), points.end());
  }
  return all;
}

std::map<PointId, int> counted(const std::vector<SinkRequest>& requests) {
  std::map<PointId, int> counts;
  for (const SentPoint& point : points_of(requests)) ++counts[point.id];
  return counts;
}

double holes_in(const std::map<PointId, int>& points) {
  std::set<std::int64_t> seconds;
  for (const auto& [point, count] : points) seconds.insert(point.time_ms / 1000);
  if (seconds.size() < 3) return 0;
  seconds.erase(seconds.begin(), std::next(seconds.begin(), 2));
  return static_cast<double>(*seconds.rbegin() - *seconds.begin() + 1) - static_cast<double>(seconds.size());
}

std::vector<SinkAnswer> answers_to(std::size_t count, const std::vector<SinkAnswer>& script) {
  std::vector<SinkAnswer> answers;
  for (const SinkAnswer& answer : script) {
    if (answers.size() == count) break;
    if (answer.fault != Fault::reset_in_request) answers.push_back(answer);
  }
  answers.resize(count);
  return answers;
}

double sum_of(const std::vector<SinkRequest>& requests, std::string_view metric) {
  std::map<PointId, double> points;  // the intake keeps one value of a point
  double sum = 0;
  for (const SentPoint& point : points_of(requests)) {
    if (point.id.metric != metric) continue;
    const auto [known, fresh] = points.emplace(point.id, point.value);
    if (fresh) sum += point.value;
    if (!fresh) CHECK(known->second == point.value);
  }
  return sum;
}

bool says_yes(const SinkAnswer& answer) {
  const bool head_is_whole = answer.fault == Fault::none || answer.fault == Fault::half_body ||
                             answer.fault == Fault::endless_body || answer.fault == Fault::no_length ||
                             answer.fault == Fault::trickle;
  const bool is_page = answer.body.find("<html>") != std::string::npos;
  return answer.status >= 200 && answer.status <= 299 && head_is_whole && !is_page;
}

std::vector<SinkRequest> accepted_of(const std::vector<SinkRequest>& requests,
                                     const std::vector<SinkAnswer>& script) {
  const auto answers = answers_to(requests.size(), script);
  std::vector<SinkRequest> accepted;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (says_yes(answers[i])) accepted.push_back(requests[i]);
  }
  return accepted;
}

std::map<PointId, double> stored_points(const std::string& state_folder) {
  TempDir copy;
  for (const char* name : {"buffer.db", "buffer.db-wal"}) {
    const std::string from = state_folder + "/" + name;
    if (fs::exists(from)) fs::copy_file(from, copy / name);
  }
  std::map<PointId, double> points;
  if (!fs::exists(copy / "buffer.db")) return points;  // it has not come that far
  auto database = Database::open(copy / "buffer.db", 4096);
  REQUIRE(database);
  if (database->number("SELECT count(*) FROM sqlite_schema WHERE name='blocks'").value_or(0) == 0)
    return points;
  auto blocks = database->prepare(
      "SELECT blocks.bytes, names.bytes FROM blocks LEFT JOIN names ON names.id = blocks.names");
  REQUIRE(blocks);
  auto row = blocks->run();
  for (; row && *row; row = blocks->step()) {
    const auto set = decode_block(std::string(blocks->blob(0)).append(blocks->blob(1)));
    REQUIRE(set);
    for (const Sample& sample : set->samples) {
      const Series& series = set->series.at(sample.series);
      points[{series.name, joined_tags(series.tags), sample.time}] = sample.value;
    }
  }
  REQUIRE(row);
  return points;
}

std::set<std::string> metrics_of_json_lines(std::string_view text) {
  std::set<std::string> metrics;
  for (const std::string& line : lines_of(text)) {
    const auto doc = JsonDoc::parse(line);
    INFO("line: " << line);
    REQUIRE(doc);
    metrics.insert(doc->root()["metric"].text().value_or("?"));
  }
  return metrics;
}

}  // namespace scops::test
