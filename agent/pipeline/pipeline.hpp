// The middle: names, tags and filters what collectors emit, and cuts what has come since the last flush into
// blocks.
//
//   add (each collector's thread) -> pending samples -> flush (main thread) -> blocks for Buffer::put
//
// Bounded by series_max and samples_max; what does not fit is dropped and counted. One lock, held for a map
// lookup.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "agent/pipeline/series_table.hpp"
#include "core/config/option.hpp"
#include "core/model/buffer.hpp"
#include "core/model/metric.hpp"
#include "core/runtime/stats.hpp"

namespace scops {

// Most samples in one block where no output asks for fewer.
inline constexpr std::uint32_t block_records_max = 10000;

struct PipelineSettings {
  std::string prefix;
  TextList tags;
  TextList include;
  TextList exclude;
  Duration interval{0};
  std::int64_t series_max = 0;
  std::int64_t samples_max = 0;
};

[[nodiscard]] Section pipeline_section();

class Pipeline {
 public:
  // `block_records`: most samples in one block, so that a block always fits one request of every output.
  Pipeline(const PipelineSettings& settings, std::uint32_t block_records, Stats& stats);

  // Takes one measurement under the agent's prefix. `metric.time` must be set. Any thread.
  void add(const Metric& metric);

  // Everything taken since the last flush; no blocks when there was nothing. One thread at a time.
  [[nodiscard]] std::vector<Block> flush();

 private:
  [[nodiscard]] bool wanted(std::string_view name) const;

  const PipelineSettings settings_;
  const std::string prefix_;  // with its dot
  const std::uint32_t block_records_;
  Stat& samples_;
  Stat& filtered_;
  Stat& not_finite_;
  Stat& over_series_;
  Stat& over_samples_;
  Stat& series_count_;

  std::mutex mutex_;
  SeriesTable table_;
  std::vector<bool> wanted_;  // by series: does it pass include and exclude?
  std::vector<Sample> pending_;
};

}  // namespace scops
