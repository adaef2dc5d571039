#include "transport/outputs/stdout/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/io/json.hpp"
#include "core/io/json_parts.hpp"
#include "core/model/text.hpp"

namespace scops {
namespace {

// --- JSON lines
// ---------------------------------------------------------------------------------------------

Tag split_tag(std::string_view text) {
  const std::string_view key = cut(text, ':');
  return {key, text};
}

// {"a":"1","b":["2","3"]}: sorted, because equal keys must come side by side.
void append_tag_map(std::string& into, std::span<const Tag> unsorted) {
  std::vector<Tag> tags(unsorted.begin(), unsorted.end());
  std::sort(tags.begin(), tags.end(),
            [](const Tag& a, const Tag& b) { return std::tie(a.key, a.value) < std::tie(b.key, b.value); });
  into += '{';
  for (std::size_t begin = 0, end = 0; begin < tags.size(); begin = end) {
    while (end < tags.size() && tags[end].key == tags[begin].key) ++end;
    if (begin > 0) into += ',';
    append_json_string(into, tags[begin].key);
    into += ':';
    if (end - begin > 1) into += '[';
    for (std::size_t i = begin; i < end; ++i) {
      if (i > begin) into += ',';
      append_json_string(into, tags[i].value);
    }
    if (end - begin > 1) into += ']';
  }
  into += '}';
}

std::vector<Tag> tags_of(const Series& series) {
  std::vector<Tag> tags;
  tags.reserve(series.tags.size());
  for (const std::string& tag : series.tags) tags.push_back(split_tag(tag));
  return tags;
}

// --- table
// --------------------------------------------------------------------------------------------------

constexpr std::size_t name_width_max = 48;  // a longer one pushes its own line out, not all others
constexpr std::size_t value_width_max = 20;
constexpr std::size_t tags_max = 200;

std::tm utc(TimeMs time) {
  const std::time_t seconds = time / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return parts;
}

std::string time_text(TimeMs time) {
  const std::tm at = utc(time);
  return fmt::format("{:02}:{:02}:{:02}", at.tm_hour, at.tm_min, at.tm_sec);
}

std::string date_text(TimeMs time) {
  const std::tm at = utc(time);
  return fmt::format("{:04}-{:02}-{:02}", at.tm_year + 1900, at.tm_mon + 1, at.tm_mday);
}

// 1234567.5 -> "1,234,567.5": up to three decimals, as people count; tiny and huge ones as they are.
std::string human(double value) {
  const double size = std::fabs(value);
  if (!std::isfinite(value) || size >= 1e15 || (size < 0.001 && size > 0))
    return fmt::format("{:.4g}", value);
  std::string text = fmt::format("{:.3f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  std::size_t at = std::min(text.find('.'), text.size());
  while (at > first + 3) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

struct Line {
  std::string time;
  std::string name;
  std::string value;
  std::string tags;
};

Line line_of(const Series& series, const Sample& sample) {
  std::string tags;
  for (const std::string& tag : series.tags) {
    if (!tags.empty()) tags += ' ';
    tags += tag;
  }
  return {time_text(sample.time), printable(series.name, tags_max), human(sample.value),
          printable(tags, tags_max)};
}

std::string heading(TimeMs newest, std::size_t number, std::string_view what) {
  return fmt::format("{} {} UTC, {} {}{}\n", date_text(newest), time_text(newest), number, what,
                     number == 1 ? "" : "s");
}

// --- logs
// ---------------------------------------------------------------------------------------------------

constexpr std::size_t level_width_max = 8;
constexpr std::size_t service_width_max = 20;

// What a text says; of anything else its JSON.
std::string content_of(std::string_view value) {
  if (value == "null") return {};
  if (!value.starts_with('"')) return std::string(value);
  const Result<JsonDoc> text = JsonDoc::parse(value);
  return text ? text->root().text().value_or("") : std::string(value);
}

struct LogLine {
  std::string time;
  std::string level;
  std::string service;
  std::string message;
};

LogLine line_of(const LogRecord& record, std::size_t width) {
  LogLine line{time_text(record.time), {}, {}, {}};
  JsonParts members(record.json);
  while (const std::optional<JsonPart> member = members.next()) {
    if (member->key == "level") line.level = printable(content_of(member->value), level_width_max);
    if (member->key == "service") line.service = printable(content_of(member->value), service_width_max);
    if (member->key == "message") line.message = printable(content_of(member->value), width);
  }
  return line;
}

}  // namespace

void append_json_line(std::string& into, const Metric& metric) {
  into += R"({"metric":)";
  append_json_string(into, metric.name);
  into += R"(,"type":")";
  into += to_string(metric.type);
  into += R"(","tags":)";
  append_tag_map(into, metric.tags);
  into += R"(,"value":)";
  append_json_number(into, metric.value);
  into += R"(,"timestamp":)";
  append_json_number(into, static_cast<double>(metric.time) / 1000.0);
  into += "}\n";
}

void append_json_lines(std::string& into, const SampleSet& set) {
  std::vector<Tag> tags;
  const Series* tags_are_of = nullptr;
  for (const Sample& sample : set.samples) {
    const Series& series = set.series.at(sample.series);
    if (tags_are_of != &series) tags = tags_of(series);
    tags_are_of = &series;
    append_json_line(into, {.name = series.name,
                            .value = sample.value,
                            .tags = tags,
                            .type = series.type,
                            .time = sample.time,
                            .interval_s = series.interval_s});
  }
}

void append_table(std::string& into, const SampleSet& set) {
  if (set.samples.empty()) return;
  std::vector<Line> lines;
  TimeMs newest = set.samples.front().time;
  std::size_t name_width = 0;
  std::size_t value_width = 0;
  for (const Sample& sample : set.samples) {
    lines.push_back(line_of(set.series.at(sample.series), sample));
    newest = std::max(newest, sample.time);
    if (lines.back().name.size() <= name_width_max)
      name_width = std::max(name_width, lines.back().name.size());
    value_width = std::max(value_width, std::min(lines.back().value.size(), value_width_max));
  }
  into += heading(newest, lines.size(), "point");
  for (const Line& line : lines) {
    into += fmt::format("  {}  {:<{}}  {:>{}}", line.time, line.name, name_width, line.value, value_width);
    if (!line.tags.empty()) into += "  " + line.tags;
    into += '\n';
  }
}

void append_log_json(std::string& into, std::span<const LogRecord> logs) {
  for (const LogRecord& record : logs) {
    // Within a text of JSON there are no line ends.
    std::transform(record.json.begin(), record.json.end(), std::back_inserter(into),
                   [](char c) { return c == '\n' || c == '\r' ? ' ' : c; });
    into += '\n';
  }
}

void append_log_table(std::string& into, std::span<const LogRecord> logs, std::size_t width) {
  if (logs.empty()) return;
  std::vector<LogLine> lines;
  TimeMs newest = logs.front().time;
  std::size_t level_width = 0;
  std::size_t service_width = 0;
  for (const LogRecord& record : logs) {
    lines.push_back(line_of(record, width));
    newest = std::max(newest, record.time);
    level_width = std::max(level_width, lines.back().level.size());
    service_width = std::max(service_width, lines.back().service.size());
  }
  into += heading(newest, lines.size(), "log");
  for (const LogLine& line : lines) {
    const std::string whole = fmt::format("  {}  {:<{}}  {:<{}}  {}", line.time, line.level, level_width,
                                          line.service, service_width, line.message);
    into += printable(whole, width);
    into += '\n';
  }
}

}  // namespace scops
