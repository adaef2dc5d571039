// Raw samples to give and points to expect, for the tests of aggregation.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "agent/pipeline/pipeline.hpp"
#include "core/io/block_codec.hpp"

namespace scops::test {

inline constexpr TimeMs window_start = 1'700'000'000'000;  // of a window of 10 s
inline constexpr TimeMs second = 1000;

inline PipelineSettings raw_settings() {
  PipelineSettings settings;
  settings.series_max = 1000;
  settings.samples_max = 100000;
  return settings;
}

// A RawSample that owns its lists. Times are offsets from window_start.
struct Report {
  std::string_view name = "x";
  RawType type = RawType::gauge;
  double value = 0;
  TimeMs time = 0;
  std::vector<std::string_view> tags = {};
  std::vector<std::string_view> members = {};
  TimeMs arrival = 0;

  [[nodiscard]] RawSample sample() const {
    return {.name = name,
            .type = type,
            .tags = tags,
            .value = value,
            .members = members,
            .time = window_start + time,
            .arrival = window_start + arrival};
  }
};

// One line a point, sorted: "x.count{a:1} rate/10 @3000 = 0.5"; the time is an offset from window_start.
inline std::vector<std::string> lines_of(const std::vector<Block>& blocks) {
  std::vector<std::string> lines;
  for (const Block& block : blocks) {
    if (block.kind != Kind::metrics) continue;
    const auto set = decode_block(block.bytes);
    REQUIRE(set);
    for (const Sample& sample : set->samples) {
      const Series& series = set->series.at(sample.series);
      const std::string interval = series.interval_s == 0 ? "" : fmt::format("/{}", series.interval_s);
      lines.push_back(fmt::format("{}{{{}}} {}{} @{} = {}", series.name, fmt::join(series.tags, ","),
                                  to_string(series.type), interval, sample.time - window_start,
                                  sample.value));
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

// What `reports` become once every window is closed.
inline std::vector<std::string> aggregated(const PipelineSettings& settings,
                                           const std::vector<Report>& reports) {
  Stats stats;
  Pipeline pipeline(settings, block_records_max, stats);
  for (const Report& report : reports) pipeline.add_raw(report.sample());
  return lines_of(pipeline.flush(window_start, true));
}

inline double dropped(Stats& stats, std::string_view reason) {
  return stats.counter("scops_pipeline_dropped_samples_total", "", fmt::format("reason=\"{}\"", reason))
      .value();
}

using Lines = std::vector<std::string>;

}  // namespace scops::test
