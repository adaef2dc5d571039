#include "agent/pipeline/wrapper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/model/text.hpp"

namespace scops {

namespace {

constexpr std::size_t percentiles_max = 20;
constexpr std::size_t longest_fixed = 400;  // the smallest double takes 326 characters

// p x 100 by moving the point of the shortest decimal that means p: 0.29 x 100 in doubles
// is 28.999999999999996.
std::string percent_text(double p) {
  if (p == 0 || p == 1) return p == 0 ? "0" : "100";
  std::array<char, longest_fixed> buffer{};
  const auto [end, error] = std::to_chars(buffer.begin(), buffer.end(), p, std::chars_format::fixed);
  if (error != std::errc{}) return {};
  std::string digits(buffer.begin() + 2, end);  // what follows "0."
  if (digits.size() < 2) digits.resize(2, '0');
  std::string text = digits.substr(digits[0] == '0' ? 1 : 0, digits[0] == '0' ? 1 : 2);
  if (digits.size() > 2) text += '.' + digits.substr(2);
  return text;
}

void wrap_histogram(const Aggregate& all, Values& values, const WrapperRules& rules,
                    std::vector<WrappedPoint>& points) {
  const auto n = static_cast<double>(all.reports);
  const auto gauge = [&](std::string_view suffix, double value) {
    points.push_back({.suffix = suffix, .time = all.earliest, .value = value});
  };
  if (rules.avg) gauge(".avg", all.sum / n);
  if (rules.sum) gauge(".sum", all.sum);
  if (rules.min) gauge(".min", all.min);
  if (rules.max) gauge(".max", all.max);
  if (rules.median) gauge(".median", values.percentile(0.5));
  for (const Percentile& one : rules.percentiles) gauge(one.suffix, values.percentile(one.p));
  if (rules.count) {
    points.push_back({.suffix = ".count",
                      .type = MetricType::rate,
                      .interval_s = rules.interval_s,
                      .time = all.earliest,
                      .value = n / rules.seconds});
  }
}

double distinct(const Aggregate& all) {
  const auto* members = std::get_if<Distinct>(&all.detail);
  return members == nullptr ? 0 : members->number();
}

void wrap_datadog(RawType type, Aggregate& all, const WrapperRules& rules,
                  std::vector<WrappedPoint>& points) {
  const auto timed = [&](MetricType as, double value) {
    points.push_back(
        {.suffix = {}, .type = as, .interval_s = rules.interval_s, .time = all.earliest, .value = value});
  };
  switch (type) {
    case RawType::count:
      return timed(MetricType::count, all.sum);
    case RawType::rate:
      return timed(MetricType::rate, all.sum / rules.seconds);
    case RawType::set:
      return timed(MetricType::count, distinct(all));
    case RawType::gauge:
      points.push_back({.suffix = {}, .time = all.earliest, .value = all.latest_value});
      return;
    case RawType::histogram:
    case RawType::distribution:
      if (auto* values = std::get_if<Values>(&all.detail)) wrap_histogram(all, *values, rules, points);
      return;
    case RawType::other:
      return;
  }
}

void wrap_simple(RawType type, const Aggregate& all, const WrapperRules& rules,
                 std::vector<WrappedPoint>& points) {
  const auto count = [&](std::string_view suffix, double value) {
    points.push_back({.suffix = suffix,
                      .type = MetricType::count,
                      .interval_s = rules.interval_s,
                      .time = all.latest,
                      .value = value});
  };
  if (type == RawType::count) return count("", all.sum);
  const auto n = static_cast<double>(all.reports);
  points.push_back(
      {.suffix = {}, .time = all.latest, .value = type == RawType::set ? distinct(all) : all.sum / n});
  count(".count", n);
}

}  // namespace

Result<std::vector<Percentile>> parse_percentiles(const TextList& texts) {
  if (texts.size() > percentiles_max) {
    return Error{ErrorKind::refused, fmt::format("{} of them, at most {}", texts.size(), percentiles_max)};
  }
  std::vector<Percentile> percentiles;
  for (const std::string& text : texts) {
    const auto p = to_number(trim(text));
    if (!p || !(*p >= 0 && *p <= 1)) {
      return Error{ErrorKind::refused,
                   fmt::format("\"{}\" is no number from 0 to 1, for example 0.95", printable(text))};
    }
    const bool known = std::any_of(percentiles.begin(), percentiles.end(),
                                   [&](const Percentile& other) { return other.p == *p; });
    if (!known) percentiles.push_back({.p = *p, .suffix = "." + percent_text(*p) + "percentile"});
  }
  return percentiles;
}

WrapperRules::WrapperRules(const PipelineSettings& settings)
    : simple(iequals(settings.wrapper, "simple")),
      percentiles(parse_percentiles(settings.histogram_percentiles).value_or({})),
      seconds(static_cast<double>(settings.interval.count()) / 1000),
      interval_s(static_cast<std::uint32_t>(std::max(1.0, std::round(seconds)))) {
  const TextList& wanted = settings.histogram_aggregates;
  const auto has = [&](std::string_view name) {
    return std::find(wanted.begin(), wanted.end(), name) != wanted.end();
  };
  max = has("max"), median = has("median"), avg = has("avg");
  count = has("count"), min = has("min"), sum = has("sum");
}

void wrap(RawType type, Aggregate& aggregate, const WrapperRules& rules, std::vector<WrappedPoint>& points) {
  points.clear();
  if (rules.simple) return wrap_simple(type, aggregate, rules, points);
  wrap_datadog(type, aggregate, rules, points);
}

}  // namespace scops
