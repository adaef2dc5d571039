// The vocabulary of a measurement. A Metric is what a collector says in one breath: views that live only
// during the call. The pipeline interns its name and tags as a Series and keeps 24 bytes a Sample.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scops {

using TimeMs = std::int64_t;  // Unix time in milliseconds

enum class MetricType : std::uint8_t { gauge, count, rate, distribution };

// "gauge", "count", "rate", "distribution".
[[nodiscard]] std::string_view to_string(MetricType type);

// A tag as a view; an empty value stands for a bare tag ("urgent" instead of "state:urgent").
struct Tag {
  std::string_view key;
  std::string_view value;
};

// What an application reports before aggregation; all but the first three become several points or need a
// whole window. `other` is a type that we do not know: the wrapper decides.
enum class RawType : std::uint8_t { count, gauge, rate, set, histogram, distribution, other };

// One report of an application, views that live only during the call. `tags` are whole texts, "key:value" or
// bare, in any order.
struct RawSample {
  std::string_view name;  // full: no prefix is added
  RawType type = RawType::gauge;
  std::string_view other_type = {};  // of type other: as it was written
  std::span<const std::string_view> tags = {};
  double value = 0;                                // all but sets
  std::span<const std::string_view> members = {};  // sets: equal texts are one member
  TimeMs time = 0;                                 // the point's
  TimeMs arrival = 0;                              // decides the window
};

// What a collector emits. `name` is without the agent's prefix: "host.memory.used".
struct Metric {
  std::string_view name;
  double value = 0;
  std::span<const Tag> tags = {};
  MetricType type = MetricType::gauge;
  TimeMs time = 0;               // 0: the capture's own time, filled in by the frame
  std::uint32_t interval_s = 0;  // counts and rates: the seconds they cover; else 0
};

// The identity of a line on a graph. Tags are "key:value" or bare, sorted, without duplicates.
struct Series {
  std::string name;  // with prefix, as it is sent
  std::vector<std::string> tags;
  MetricType type = MetricType::gauge;
  std::uint32_t interval_s = 0;

  auto operator<=>(const Series&) const = default;
};

struct Sample {
  std::uint32_t series = 0;  // index into the table that travels with the samples
  TimeMs time = 0;
  double value = 0;

  bool operator==(const Sample&) const = default;
};

// Samples with the series they refer to: the content of one block, or of several merged for a request.
struct SampleSet {
  std::vector<Series> series;
  std::vector<Sample> samples;  // grouped by series, ascending time within a series
};

}  // namespace scops
