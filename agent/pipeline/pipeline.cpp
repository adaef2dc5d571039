#include "agent/pipeline/pipeline.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "core/io/block_codec.hpp"
#include "core/model/text.hpp"

namespace scops {

namespace {

Stat& dropped(Stats& stats, std::string_view labels) {
  return stats.counter("scops_pipeline_dropped_samples_total", "Samples that the pipeline did not pass on.",
                       labels);
}

}  // namespace

Pipeline::Pipeline(const PipelineSettings& settings, std::uint32_t block_records, Stats& stats)
    : settings_(settings),
      prefix_(settings.prefix.empty() ? "" : settings.prefix + "."),
      block_records_(block_records),
      samples_(stats.counter("scops_pipeline_samples_total", "Samples taken from collectors.")),
      filtered_(dropped(stats, "reason=\"filtered\"")),
      not_finite_(dropped(stats, "reason=\"not_finite\"")),
      over_series_(dropped(stats, "reason=\"series_max\"")),
      over_samples_(dropped(stats, "reason=\"samples_max\"")),
      series_count_(stats.gauge("scops_pipeline_series", "Series in the table.")),
      table_(static_cast<std::size_t>(settings.series_max), settings.tags) {}

void Pipeline::add(const Metric& metric) {
  if (!std::isfinite(metric.value)) return not_finite_.add();
  const std::scoped_lock lock(mutex_);
  const auto series = table_.find_or_add(metric, prefix_);
  if (!series) return over_series_.add();
  if (*series >= wanted_.size()) wanted_.push_back(wanted(table_.series()[*series].name));
  if (!wanted_[*series]) return filtered_.add();
  if (pending_.size() >= static_cast<std::size_t>(settings_.samples_max)) return over_samples_.add();
  pending_.push_back({.series = *series, .time = metric.time, .value = metric.value});
  samples_.add();
}

bool Pipeline::wanted(std::string_view name) const {
  return (settings_.include.empty() || matches_any(settings_.include, name)) &&
         !matches_any(settings_.exclude, name);
}

// Encoding happens under the lock: it takes well under a millisecond for what a board collects in one window,
// and the series need not be copied out of the table.
std::vector<Block> Pipeline::flush() {
  std::vector<Block> blocks;
  const std::scoped_lock lock(mutex_);
  for (std::size_t begin = 0; begin < pending_.size(); begin += block_records_) {
    const std::size_t count = std::min<std::size_t>(block_records_, pending_.size() - begin);
    blocks.push_back(encode_block(table_.series(), std::span(pending_).subspan(begin, count)));
  }
  pending_.clear();
  if (table_.sweep()) {
    wanted_.clear();
    for (const Series& series : table_.series()) wanted_.push_back(wanted(series.name));
  }
  series_count_.set(static_cast<double>(table_.size()));
  return blocks;
}

namespace {

constexpr Option pipeline_options[] = {
    option<&PipelineSettings::prefix>(
        {.name = "prefix",
         .fallback = "Chouette",
         .help = "First part of the name of every metric that a collector reads; empty: none."}),
    option<&PipelineSettings::tags>({.name = "tags",
                                     .fallback = "[]",
                                     .help = "Tags for every metric and log, as \"key:value\".",
                                     .aliases = "GLOBAL_TAGS"}),
    option<&PipelineSettings::include>({.name = "include",
                                        .fallback = "[]",
                                        .help = "Globs of full metric names to keep; empty keeps all."}),
    option<&PipelineSettings::exclude>({.name = "exclude",
                                        .fallback = "[]",
                                        .help = "Globs of full metric names to leave out, after include."}),
    option<&PipelineSettings::interval>(
        {.name = "interval",
         .fallback = "10s",
         .help = "Window of aggregation; at its end what was collected is put into the buffer.",
         .aliases = "AGGREGATE_INTERVAL",
         .min = "1s",
         .max = "1h"}),
    option<&PipelineSettings::series_max>(
        {.name = "series_max",
         .fallback = "20000",
         .help = "Most series known at one time; samples of further ones are dropped and counted.",
         .min = "100",
         .max = "1000000"}),
    option<&PipelineSettings::samples_max>(
        {.name = "samples_max",
         .fallback = "200000",
         .help = "Most samples between two flushes; further ones are dropped and counted.",
         .min = "1000",
         .max = "10000000"}),
};

}  // namespace

Section pipeline_section() {
  return section<PipelineSettings>("pipeline", "Naming, tagging, filtering.", pipeline_options);
}

}  // namespace scops
