// The middle: names, tags and filters what collectors emit, aggregates what applications report, and cuts
// what has come since the last flush into blocks.
//
//   add (each collector's thread) -> pending samples -+
//   add_raw (any thread) -> windows, once closed -----+-> flush (thread flush) -> blocks for Buffer::put
//
// Bounded by series_max, samples_max and window_memory; what does not fit is dropped and counted. One lock,
// held for a map lookup. What inputs drain from queues goes another way: intake.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "agent/pipeline/fates.hpp"
#include "agent/pipeline/labels.hpp"
#include "agent/pipeline/point_sink.hpp"
#include "agent/pipeline/series_table.hpp"
#include "agent/pipeline/settings.hpp"
#include "agent/pipeline/windows.hpp"
#include "core/model/buffer.hpp"
#include "core/model/metric.hpp"
#include "core/runtime/stats.hpp"
#include "core/runtime/timeline.hpp"

namespace scops {

// Most samples in one block where no output asks for fewer.
inline constexpr std::uint32_t block_records_max = 10000;

class Pipeline {
 public:
  // `block_records`: most samples in one block, so that a block always fits one request of every output.
  // `timeline` may be null: then blocks have no stamp.
  Pipeline(const PipelineSettings& settings, std::uint32_t block_records, Stats& stats,
           const Timeline* timeline = nullptr);

  // Takes one measurement under the agent's prefix. `metric.time` must be set, by the clock of `stamp`. Any
  // thread.
  void add(const Metric& metric, const Stamp& stamp = {});

  // Takes one report, of now, into the window of its arrival; no prefix is added. Any thread.
  void add_raw(const RawSample& sample);

  // Everything that was measured since the last flush, and the points of the windows of raw samples that have
  // ended by `now`; with `closing` of all windows. No blocks when there was nothing. One thread at a time.
  [[nodiscard]] std::vector<Block> flush(TimeMs now = 0, bool closing = false);

 private:
  // Pending samples that were stamped alike: from `first` on up to the next stretch.
  struct Stretch {
    std::size_t first = 0;
    Stamp stamp = {};
  };
  void refuse(SeriesTable::Verdict verdict);
  void shed();
  void write_pending();
  void notice_step();

  const PipelineSettings settings_;
  const Timeline* const timeline_;
  const Labels labels_;
  const std::string prefix_;  // with its dot
  Stat& samples_;
  Stat& filtered_;
  Stat& not_finite_;
  Stat& over_series_;
  Stat& over_samples_;
  Stat& over_memory_;
  Stat& series_count_;

  std::mutex mutex_;
  SeriesTable table_;
  std::vector<bool> wanted_;  // by series: does it pass include and exclude?
  std::vector<Sample> pending_;
  std::vector<Stretch> stretches_;  // of them
  Stamp raw_stamp_;                 // of what is in the windows
  Fates fates_;                     // of raw samples, and of measurements that are too long
  PointSink sink_;                  // what comes of them
  Windows windows_;                 // where they wait
};

}  // namespace scops
