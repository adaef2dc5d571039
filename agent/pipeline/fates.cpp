#include "agent/pipeline/fates.hpp"

#include <string>
#include <string_view>

#include "core/runtime/log.hpp"

namespace scops {

namespace {

struct Row {
  Fate fate;
  std::string_view name;
  std::string_view help;
  std::string_view labels;
};

constexpr std::string_view dropped = "scops_pipeline_dropped_samples_total";
constexpr std::string_view dropped_help = "Samples that the pipeline did not pass on.";
constexpr std::string_view dropped_logs = "scops_pipeline_dropped_logs_total";
constexpr std::string_view dropped_logs_help = "Log records that the pipeline did not pass on.";

constexpr Row rows[] = {
    {Fate::raw, "scops_pipeline_raw_samples_total", "Raw samples taken to be aggregated.", ""},
    {Fate::point, "scops_pipeline_points_total", "Points taken that others had aggregated.", ""},
    {Fate::log, "scops_pipeline_logs_total", "Log records taken.", ""},
    {Fate::filtered, dropped, dropped_help, "reason=\"filtered\""},
    {Fate::not_finite, dropped, dropped_help, "reason=\"not_finite\""},
    {Fate::no_series, dropped, dropped_help, "reason=\"series_max\""},
    {Fate::no_memory, dropped, dropped_help, "reason=\"window_memory\""},
    {Fate::no_room, dropped, dropped_help, "reason=\"samples_max\""},
    {Fate::too_long, dropped, dropped_help, "reason=\"too_long\""},
    {Fate::unknown_type, dropped, dropped_help, "reason=\"unknown_type\""},
    {Fate::log_too_long, dropped_logs, dropped_logs_help, "reason=\"too_long\""},
    {Fate::log_no_room, dropped_logs, dropped_logs_help, "reason=\"memory\""},
};

}  // namespace

Fates::Fates(Stats& stats) {
  static_assert(std::size(rows) == number);
  for (const Row& row : rows) {
    stats_.at(static_cast<std::size_t>(row.fate)) = &stats.counter(row.name, row.help, row.labels);
  }
}

void Fates::publish() {
  for (const Row& row : rows) {
    const auto i = static_cast<std::size_t>(row.fate);
    const std::uint64_t count = counts_.at(i);
    if (count == 0) continue;
    stats_.at(i)->add(static_cast<double>(count));
    // What a filter keeps off was meant to be.
    if (row.labels.empty() || row.fate == Fate::filtered) continue;
    log::warn("pipeline", "dropped", {{"why", std::string(row.labels)}, {"count", std::to_string(count)}});
  }
  forget();
}

}  // namespace scops
