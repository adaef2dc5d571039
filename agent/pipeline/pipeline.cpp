#include "agent/pipeline/pipeline.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include "core/runtime/log.hpp"
#include "core/runtime/memory.hpp"

namespace scops {

namespace {

Stat& dropped_counter(Stats& stats, std::string_view labels) {
  return stats.counter("scops_pipeline_dropped_samples_total", "Samples that the pipeline did not pass on.",
                       labels);
}

}  // namespace

Pipeline::Pipeline(const PipelineSettings& settings, std::uint32_t block_records, Stats& stats,
                   const Timeline* timeline)
    : settings_(settings),
      timeline_(timeline),
      labels_(settings),
      prefix_(settings.prefix.empty() ? "" : settings.prefix + "."),
      samples_(stats.counter("scops_pipeline_samples_total", "Samples taken from collectors.")),
      filtered_(dropped_counter(stats, "reason=\"filtered\"")),
      not_finite_(dropped_counter(stats, "reason=\"not_finite\"")),
      over_series_(dropped_counter(stats, "reason=\"series_max\"")),
      over_samples_(dropped_counter(stats, "reason=\"samples_max\"")),
      over_memory_(dropped_counter(stats, "reason=\"memory_max\"")),
      series_count_(stats.gauge("scops_pipeline_series", "Series in the table.")),
      table_(static_cast<std::size_t>(settings.series_max), settings.tags),
      fates_(stats),
      sink_(settings, block_records, labels_, fates_),
      windows_(settings, sink_) {
  if (timeline_ != nullptr) raw_stamp_ = timeline_->stamp();
}

void Pipeline::add(const Metric& metric, const Stamp& stamp) {
  if (!std::isfinite(metric.value)) return not_finite_.add();
  const std::scoped_lock lock(mutex_);
  const auto [verdict, series] = table_.find_or_add(metric, prefix_);
  if (verdict != SeriesTable::Verdict::known) return refuse(verdict);
  if (series >= wanted_.size()) wanted_.push_back(labels_.wanted(table_.series()[series].name));
  if (!wanted_[series]) return filtered_.add();
  if (pending_.size() >= static_cast<std::size_t>(settings_.samples_max)) return over_samples_.add();
  if (memory::room() == memory::Room::full) shed();
  if (stretches_.empty() || stretches_.back().stamp != stamp) stretches_.push_back({pending_.size(), stamp});
  pending_.push_back({.series = series, .time = metric.time, .value = metric.value});
  samples_.add();
}

void Pipeline::refuse(SeriesTable::Verdict verdict) {
  if (verdict == SeriesTable::Verdict::series_max) over_series_.add();
  if (verdict == SeriesTable::Verdict::memory_max) over_memory_.add();
  if (verdict == SeriesTable::Verdict::too_long) fates_.add(Fate::too_long);
}

// The process is at its cap: the older half of what waits for the next flush goes. What is left is the
// newest, and small enough that it is not looked at again for every sample.
void Pipeline::shed() {
  constexpr std::size_t least = 4096;
  if (pending_.size() < least) return;
  const std::size_t half = pending_.size() / 2;
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(half));
  for (Stretch& stretch : stretches_) stretch.first -= std::min(stretch.first, half);
  over_memory_.add(static_cast<double>(half));
  log::warn("pipeline", "dropped", {{"why", "reason=\"memory_max\""}, {"count", std::to_string(half)}});
}

void Pipeline::add_raw(const RawSample& sample) {
  const std::scoped_lock lock(mutex_);
  notice_step();
  windows_.add(sample);
}

// When the wall clock has stepped, the windows of before it are closed: what comes now is of other windows,
// even if they have the same times.
void Pipeline::notice_step() {
  if (timeline_ == nullptr) return;
  const Stamp stamp = timeline_->stamp();
  if (stamp == raw_stamp_) return;
  sink_.writer().stamp(raw_stamp_);
  if (stamp.offset != raw_stamp_.offset) windows_.close_all();
  raw_stamp_ = stamp;
}

void Pipeline::write_pending() {
  const std::span<const Sample> all = pending_;
  for (std::size_t i = 0; i < stretches_.size(); ++i) {
    const std::size_t end = i + 1 < stretches_.size() ? stretches_[i + 1].first : all.size();
    sink_.writer().stamp(stretches_[i].stamp);
    sink_.writer().add(table_.series(), all.subspan(stretches_[i].first, end - stretches_[i].first));
  }
  pending_.clear();
  stretches_.clear();
}

// Encoding happens under the lock: it takes well under a millisecond for what a board collects in one window.
// Measurements and aggregated points share their blocks, so that a flush is one commit of the buffer.
std::vector<Block> Pipeline::flush(TimeMs now, bool closing) {
  const std::scoped_lock lock(mutex_);
  notice_step();
  sink_.writer().stamp(raw_stamp_);
  closing ? windows_.close_all() : windows_.close(now);
  fates_.publish();
  write_pending();
  std::vector<Block> blocks = sink_.writer().take();  // before the sweep: it refers to the table
  if (table_.sweep()) {
    wanted_.clear();
    for (const Series& series : table_.series()) wanted_.push_back(labels_.wanted(series.name));
  }
  series_count_.set(static_cast<double>(table_.size()));
  return blocks;
}

}  // namespace scops
