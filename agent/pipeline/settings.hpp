// The options of the pipeline.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/config/option.hpp"
#include "core/model/result.hpp"

namespace scops {

struct PipelineSettings {
  std::string prefix;
  TextList tags;
  TextList include;
  TextList exclude;
  Duration interval = std::chrono::seconds(10);
  std::int64_t series_max = 0;
  std::int64_t samples_max = 0;
  std::string wrapper = "datadog";
  TextList histogram_aggregates = {"max", "median", "avg", "count"};
  TextList histogram_percentiles = {"0.95"};
  std::int64_t histogram_exact = 1000;
  std::int64_t set_exact = 1000;
  Bytes window_memory{16U << 20U};
};

[[nodiscard]] Section pipeline_section();

// What a single row cannot check: the percentiles. ErrorKind::refused names the option.
[[nodiscard]] Status validate(const PipelineSettings& settings);

}  // namespace scops
