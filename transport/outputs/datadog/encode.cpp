#include "transport/outputs/datadog/encode.hpp"

#include <cmath>
#include <span>

#include "core/io/json.hpp"

namespace scops {
namespace {

// [[1700000000,1.5],[1700000010.25,2]]: whole seconds stay whole, others keep their milliseconds.
std::size_t append_points(std::span<const Sample> samples, std::string& into) {
  std::size_t points = 0;
  for (const Sample& sample : samples) {
    if (!std::isfinite(sample.value)) continue;
    into += points++ == 0 ? "[[" : ",[";
    append_json_number(into, static_cast<double>(sample.time) / 1000.0);
    into += ',';
    append_json_number(into, sample.value);
    into += ']';
  }
  into += ']';
  return points;
}

void append_tags(const Series& series, std::string& into) {
  into += '[';
  for (const std::string& tag : series.tags) {
    if (into.back() != '[') into += ',';
    append_json_string(into, tag);
  }
  into += ']';
}

std::string_view type_name(MetricType type) {
  return to_string(type == MetricType::distribution ? MetricType::gauge : type);
}

std::size_t append_entry(const Series& series, std::span<const Sample> samples, std::string_view host,
                         std::string& into) {
  into += R"({"metric":)";
  append_json_string(into, series.name);
  into += R"(,"tags":)";
  append_tags(series, into);
  into += R"(,"points":)";
  const std::size_t points = append_points(samples, into);
  into += R"(,"type":")";
  into += type_name(series.type);
  into += '"';
  if (series.interval_s > 0) {
    into += R"(,"interval":)";
    append_json_number(into, series.interval_s);
  }
  if (!host.empty()) {
    into += R"(,"host":)";
    append_json_string(into, host);
  }
  into += '}';
  return points;
}

}  // namespace

std::size_t encode_series(const SampleSet& set, std::string_view host, std::string& into) {
  const std::span<const Sample> all = set.samples;
  std::size_t points = 0;
  into += R"({"series":[)";
  for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
    const std::uint32_t series = all[begin].series;
    while (end < all.size() && all[end].series == series) ++end;
    const std::size_t before = into.size();
    if (points > 0) into += ',';
    const std::size_t written =
        append_entry(set.series.at(series), all.subspan(begin, end - begin), host, into);
    points += written;
    if (written == 0) into.resize(before);
  }
  into += "]}";
  return points;
}

}  // namespace scops
