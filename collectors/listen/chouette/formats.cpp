#include "collectors/listen/chouette/formats.hpp"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "collectors/listen/chouette/record.hpp"
#include "core/model/text.hpp"

namespace scops::chouette {
namespace {

// A record alone has no window: it is shown as what it says, and a set as the number of its members.
Metric to_metric(const RawRecord& record) {
  Metric metric{.name = record.name, .value = record.value, .time = record.time.value_or(0)};
  if (record.type == RawType::count) metric.type = MetricType::count;
  if (record.type == RawType::rate) metric.type = MetricType::rate;
  if (record.type == RawType::set) {
    const std::set<std::string_view> members(record.members.begin(), record.members.end());
    metric.value = static_cast<double>(members.size());
  }
  return metric;
}

void parse_records(std::string_view input, Emit& emit) {
  RecordParser parser;
  RawRecord record;
  std::vector<Tag> tags;
  for (std::size_t line = 1; !input.empty(); ++line) {
    const std::string_view text = trim(cut(input, '\n'));
    if (text.empty()) continue;
    if (const Flaw flaw = parser.raw(text, record); flaw != Flaw::none) {
      emit.trouble(fmt::format("line {}", line),
                   {ErrorKind::drop, fmt::format("{}: {}", to_string(flaw), printable(text))});
      continue;
    }
    tags.clear();
    for (std::string_view value : record.tags) {
      const std::string_view key = cut(value, ':');
      tags.push_back({key, value});
    }
    Metric metric = to_metric(record);
    metric.tags = tags;
    emit.metric(metric);
  }
}

}  // namespace

constinit const std::array<Format, 1> chouette_formats{
    Format{"chouette", "Raw records of Chouette's client, a line of JSON each.", parse_records, true},
};

}  // namespace scops::chouette
