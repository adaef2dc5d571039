// Where finished points end: filtered, bounded by samples_max, cut into blocks; the rest is counted. Not
// thread-safe.
#pragma once

#include <cstddef>

#include "agent/pipeline/block_writer.hpp"
#include "agent/pipeline/fates.hpp"
#include "agent/pipeline/labels.hpp"
#include "core/model/metric.hpp"

namespace scops {

class PointSink {
 public:
  // `labels` and `fates` outlive the sink.
  PointSink(const PipelineSettings& settings, std::uint32_t block_records, const Labels& labels, Fates& fates)
      : labels_(labels),
        fates_(fates),
        writer_(block_records),
        samples_max_(static_cast<std::size_t>(settings.samples_max)) {}

  // `series` is complete: full name, global tags. True when it will be in a block.
  bool add(Series series, TimeMs time, double value);

  // Half of samples_max is taken; one more record may bring many points.
  [[nodiscard]] bool nearly_full() const { return writer_.samples() >= samples_max_ / 2; }

  [[nodiscard]] const Labels& labels() const { return labels_; }
  [[nodiscard]] Fates& fates() { return fates_; }
  [[nodiscard]] BlockWriter& writer() { return writer_; }

 private:
  const Labels& labels_;
  Fates& fates_;
  BlockWriter writer_;
  std::size_t samples_max_;
};

}  // namespace scops
