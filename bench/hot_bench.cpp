// hot_bench: what one core does on the hot paths, in processor seconds: raw samples from memory to blocks in
// a buffer, and points to the body of a request. Prints a table of docs/benchmarks.md; the median of runs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "agent/pipeline/pipeline.hpp"
#include "bench/gateway.hpp"
#include "bench/processor_time.hpp"
#include "core/io/block_codec.hpp"
#include "core/io/compress.hpp"
#include "core/io/zstd.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/stats.hpp"
#include "transport/buffer/buffer.hpp"
#include "transport/dispatch/batch.hpp"
#include "transport/outputs/datadog/encode.hpp"
#include "transport/outputs/datadog/encode_columns.hpp"

namespace {

using namespace scops;
using scops::bench::Gateway;
using scops::bench::processor_seconds;

constexpr TimeMs start = 1'763'760'000'000;

// Millions of `number` a processor second: the median of some runs, and the worst and best.
void row(const char* what, double number, const std::function<void()>& work) {
  std::vector<double> rates;
  work();
  for (int i = 0; i < 7; ++i) {
    const double began = processor_seconds();
    work();
    rates.push_back(number / (processor_seconds() - began) / 1e6);
  }
  std::sort(rates.begin(), rates.end());
  fmt::print("| {} | {:.2f} | {:.2f} to {:.2f} |\n", what, rates[rates.size() / 2], rates.front(),
             rates.back());
}

PipelineSettings settings() {
  PipelineSettings settings;
  settings.prefix = "Chouette";
  settings.tags = {"environment:production", "site:berlin-3"};
  settings.series_max = 20'000;
  settings.samples_max = 200'000;
  return settings;
}

void raw_samples() {
  const SystemClock clock;
  constexpr int windows = 3;
  constexpr int in_window = 200'000;
  constexpr std::size_t number = 500;
  const Gateway gateway(number);
  Stats stats;
  const BufferSettings memory{.type = "memory",
                              .metric_ttl = std::chrono::hours(5),
                              .log_ttl = std::chrono::hours(5),
                              .bytes_max = {64U << 20U},
                              .hold = Duration(0),
                              .memory_max = {8U << 20U}};
  struct Reports {
    const char* name;
    RawType type;
  };
  for (const Reports& reports : {Reports{"counts", RawType::count}, Reports{"gauges", RawType::gauge},
                                 Reports{"histograms", RawType::histogram}}) {
    row(fmt::format("raw samples, {} of {} series, 3 tags: aggregated, made into blocks, put into the buffer "
                    "`memory`",
                    reports.name, number)
            .c_str(),
        windows * in_window, [&] {
          auto buffer =
              open_buffer(memory, {.folder = "", .outputs = {"datadog"}, .clock = &clock, .stats = &stats});
          Pipeline pipeline(settings(), block_records_max, stats);
          for (int window = 0; window < windows; ++window) {
            const TimeMs begin = start + TimeMs{window} * 10'000;
            for (int i = 0; i < in_window; ++i) {
              const Series& series = gateway.series()[static_cast<std::size_t>(i) * 7 % number];
              std::array<std::string_view, 4> tags;
              std::copy(series.tags.begin(), series.tags.end(), tags.begin());
              const TimeMs time = begin + i / (in_window / 10'000);
              pipeline.add_raw({.name = series.name,
                                .type = reports.type,
                                .tags = std::span(tags).first(series.tags.size()),
                                .value = i % 1000 / 8.0,
                                .time = time,
                                .arrival = time});
            }
            for (Block& block : pipeline.flush(begin + 10'000)) (void)(*buffer)->put(std::move(block));
          }
        });
  }
}

void captures() {
  Gateway gateway(1000);
  std::vector<Sample> samples;
  for (int i = 0; i < 60; ++i) gateway.capture(start + TimeMs{i} * 10'000, samples);
  Stats stats;
  row("samples of collectors, 1000 series: interned, made into blocks", static_cast<double>(samples.size()),
      [&] {
        Pipeline pipeline(settings(), block_records_max, stats);
        for (std::size_t i = 0; i < samples.size(); ++i) {
          const Series& series = gateway.series()[samples[i].series];
          const Tag tag{"container", series.tags.front()};
          pipeline.add(
              {.name = series.name, .value = samples[i].value, .tags = {&tag, 1}, .time = samples[i].time});
          if (i % 10'000 == 9'999) (void)pipeline.flush();
        }
      });
}

void bodies() {
  Gateway gateway(1000);
  std::vector<Block> blocks;
  std::vector<Sample> samples;
  for (int i = 0; i < 10; ++i) {
    samples.clear();
    gateway.capture(start + TimeMs{i} * 10'000, samples);
    blocks.push_back(encode_block(gateway.series(), samples));
    blocks.back().id = {0, static_cast<std::uint64_t>(i) + 1};
  }
  const Batch batch = merge(Kind::metrics, blocks);
  const double points = static_cast<double>(batch.payload.size()) * 10;
  std::string plain;
  std::string body;
  std::vector<std::size_t> cuts;
  const auto ten_times = [&](const char* what, const std::function<void()>& work) {
    row(what, points, [&] {
      for (int i = 0; i < 10; ++i) plain.clear(), cuts.clear(), work();
    });
  };
  const auto json = [&](const Batch& of) { (void)encode_series(of.payload.metrics, "gateway-0017", plain); };
  const auto columns = [&] { (void)encode_columns(batch.payload.metrics, "gateway-0017", plain, cuts); };
  ten_times("points of 1000 series, from memory to the JSON of a request", [&] { json(batch); });
  ten_times("the same, and deflated", [&] { json(batch), deflate(plain, body); });
  ten_times("the same, and read from blocks before",
            [&] { json(merge(Kind::metrics, blocks)), deflate(plain, body); });
  ten_times("points of 1000 series, from memory to the columns of a request (`datadog.series=v3`)", columns);
  ten_times("the same, and compressed", [&] { columns(), compress_zstd(plain, cuts, body, 15); });
}

}  // namespace

int main() {
  fmt::print("| what | million a processor second | worst to best |\n|---|---|---|\n");
  raw_samples();
  captures();
  bodies();
  return 0;
}
