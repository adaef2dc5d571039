#include "agent/pipeline/settings.hpp"

#include "agent/pipeline/wrapper.hpp"

namespace scops {

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
         .help = "Most series known at one time, and most in one window of raw metrics; samples of further "
                 "ones are dropped and counted.",
         .min = "100",
         .max = "1000000"}),
    option<&PipelineSettings::samples_max>(
        {.name = "samples_max",
         .fallback = "200000",
         .help = "Most samples between two flushes; further ones are dropped and counted.",
         .min = "1000",
         .max = "10000000"}),
    option<&PipelineSettings::wrapper>(
        {.name = "wrapper",
         .fallback = "datadog",
         .help = "What raw metrics of a window become: datadog knows counts, rates, gauges, sets and "
                 "histograms; simple knows counts, and a mean and a number for all else.",
         .choices = "datadog|simple",
         .aliases = "METRICS_WRAPPER"}),
    option<&PipelineSettings::histogram_aggregates>({.name = "histogram_aggregates",
                                                     .fallback = R"(["max","median","avg","count"])",
                                                     .help = "What is sent of a histogram, by datadog.",
                                                     .choices = "max|median|avg|count|min|sum",
                                                     .aliases = "HISTOGRAM_AGGREGATES"}),
    option<&PipelineSettings::histogram_percentiles>(
        {.name = "histogram_percentiles",
         .fallback = "[0.95]",
         .help = "Percentiles that are sent of a histogram, by datadog: numbers between 0 and 1, at most 20.",
         .aliases = "HISTOGRAM_PERCENTILES"}),
    option<&PipelineSettings::histogram_exact>(
        {.name = "histogram_exact",
         .fallback = "1000",
         .help = "Values of one histogram in one window up to which its median and percentiles are exact; "
                 "with more they are estimated to 1 %.",
         .min = "1",
         .max = "100000"}),
    option<&PipelineSettings::set_exact>(
        {.name = "set_exact",
         .fallback = "1000",
         .help = "Members of one set in one window up to which their number is exact; with more it is "
                 "estimated, mostly to 1 %.",
         .min = "1",
         .max = "10000"}),
    option<&PipelineSettings::window_memory>(
        {.name = "window_memory",
         .fallback = "16MiB",
         .help = "Memory for raw metrics whose windows are open. When it runs out, histograms and sets are "
                 "estimated earlier; then samples of further series are dropped and counted.",
         .min = "1MiB",
         .max = "1GiB"}),
};

}  // namespace

Section pipeline_section() {
  return section<PipelineSettings>("pipeline", "Naming, tagging, filtering, aggregation.", pipeline_options);
}

Status validate(const PipelineSettings& settings) {
  const auto percentiles = parse_percentiles(settings.histogram_percentiles);
  if (!percentiles) return within("pipeline.histogram_percentiles", percentiles.error());
  return Ok{};
}

}  // namespace scops
