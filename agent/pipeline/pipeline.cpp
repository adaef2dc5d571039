#include "agent/pipeline/pipeline.hpp"

#include <cmath>
#include <string>

#include "core/runtime/log.hpp"
#include "core/runtime/memory.hpp"

namespace scops {

namespace {

Stat& dropped(Stats& stats, std::string_view labels) {
  return stats.counter("scops_pipeline_dropped_samples_total", "Samples that the pipeline did not pass on.",
                       labels);
}

}  // namespace

Pipeline::Pipeline(const PipelineSettings& settings, std::uint32_t block_records, Stats& stats)
    : settings_(settings),
      labels_(settings),
      prefix_(settings.prefix.empty() ? "" : settings.prefix + "."),
      samples_(stats.counter("scops_pipeline_samples_total", "Samples taken from collectors.")),
      filtered_(dropped(stats, "reason=\"filtered\"")),
      not_finite_(dropped(stats, "reason=\"not_finite\"")),
      over_series_(dropped(stats, "reason=\"series_max\"")),
      over_samples_(dropped(stats, "reason=\"samples_max\"")),
      over_memory_(dropped(stats, "reason=\"memory_max\"")),
      series_count_(stats.gauge("scops_pipeline_series", "Series in the table.")),
      table_(static_cast<std::size_t>(settings.series_max), settings.tags),
      fates_(stats),
      sink_(settings, block_records, labels_, fates_),
      windows_(settings, sink_) {}

void Pipeline::add(const Metric& metric) {
  if (!std::isfinite(metric.value)) return not_finite_.add();
  const std::scoped_lock lock(mutex_);
  const auto series = table_.find_or_add(metric, prefix_);
  if (!series) return over_series_.add();
  if (*series >= wanted_.size()) wanted_.push_back(labels_.wanted(table_.series()[*series].name));
  if (!wanted_[*series]) return filtered_.add();
  if (pending_.size() >= static_cast<std::size_t>(settings_.samples_max)) return over_samples_.add();
  if (memory::room() == memory::Room::full) shed();
  pending_.push_back({.series = *series, .time = metric.time, .value = metric.value});
  samples_.add();
}

// The process is at its cap: the older half of what waits for the next flush goes. What is left is the
// newest, and small enough that it is not looked at again for every sample.
void Pipeline::shed() {
  constexpr std::size_t least = 4096;
  if (pending_.size() < least) return;
  const std::size_t half = pending_.size() / 2;
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(half));
  over_memory_.add(static_cast<double>(half));
  log::warn("pipeline", "dropped", {{"why", "reason=\"memory_max\""}, {"count", std::to_string(half)}});
}

void Pipeline::add_raw(const RawSample& sample) {
  const std::scoped_lock lock(mutex_);
  windows_.add(sample);
}

// Encoding happens under the lock: it takes well under a millisecond for what a board collects in one window.
// Measurements and aggregated points share their blocks, so that a flush is one commit of the buffer.
std::vector<Block> Pipeline::flush(TimeMs now, bool closing) {
  const std::scoped_lock lock(mutex_);
  closing ? windows_.close_all() : windows_.close(now);
  fates_.publish();
  sink_.writer().add(table_.series(), pending_);
  pending_.clear();
  if (table_.sweep()) {
    wanted_.clear();
    for (const Series& series : table_.series()) wanted_.push_back(labels_.wanted(series.name));
  }
  series_count_.set(static_cast<double>(table_.size()));
  return sink_.writer().take();
}

}  // namespace scops
