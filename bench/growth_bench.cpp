// growth_bench: how the cost of a minute grows with the number of series, and that of an outage with its
// length, in processor seconds. Prints a section of docs/benchmarks.md. A slope of 1 is linear: ten times as
// much costs ten times as much.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/pipeline/pipeline.hpp"
#include "bench/gateway.hpp"
#include "bench/processor_time.hpp"
#include "core/io/block_codec.hpp"
#include "core/io/compress.hpp"
#include "core/runtime/memory.hpp"
#include "core/runtime/stats.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/temp_dir.hpp"
#include "transport/buffer/buffer.hpp"
#include "transport/dispatch/batch.hpp"
#include "transport/outputs/datadog/encode.hpp"

namespace {

using namespace scops;
using scops::bench::Gateway;
using scops::bench::processor_seconds;

constexpr TimeMs start = 1'763'760'000'000;

// log(cost ratio) / log(size ratio) between a row and the one before.
class Slope {
 public:
  std::string next(double size, double cost) {
    std::string text =
        size_ == 0 ? "" : fmt::format("{:.2f}", std::log(cost / cost_) / std::log(size / size_));
    size_ = size;
    cost_ = cost;
    return text;
  }

 private:
  double size_ = 0, cost_ = 0;
};

BufferSettings settings_of(const char* type) {
  return {.type = type,
          .metric_ttl = std::chrono::hours(24 * 30),
          .log_ttl = std::chrono::hours(24 * 30),
          .bytes_max = {1U << 30U},
          .hold = Duration(0),
          .memory_max = {256U << 20U}};
}

// What the agent does with what waits: read, merge, encode, deflate, ack. Returns the points.
std::uint64_t send_all(Buffer& buffer) {
  std::string json;
  std::string body;
  std::uint64_t points = 0;
  for (;;) {
    const auto blocks = buffer.read("datadog", Kind::metrics, {.records = 10'000});
    if (!blocks || blocks->empty()) return points;
    const Batch batch = merge(Kind::metrics, *blocks);
    json.clear();
    points += encode_series(batch.payload.metrics, "gateway-0017", json);
    deflate(json, body);
    std::vector<BlockId> ids;
    for (std::size_t i = 0; i < batch.blocks; ++i) ids.push_back((*blocks)[i].id);
    (void)buffer.ack("datadog", ids);
  }
}

// Six captures, six flushes, one release.
double minute_of(std::size_t number) {
  Gateway gateway(number);
  test::FakeClock clock(start);
  Stats stats;
  PipelineSettings settings;
  settings.prefix = "";
  settings.series_max = 50'000;
  settings.samples_max = 200'000;
  Pipeline pipeline(settings, block_records_max, stats);
  auto buffer = open_buffer(settings_of("memory"),
                            {.folder = "", .outputs = {"datadog"}, .clock = &clock, .stats = &stats});
  std::vector<Sample> samples;
  std::vector<double> costs;
  for (int minute = 0; minute < 6; ++minute) {
    double cost = 0;
    for (int i = 0; i < 6; ++i) {
      samples.clear();
      gateway.capture(clock.wall(), samples);
      const double began = processor_seconds();
      for (const Sample& sample : samples) {
        const Series& series = gateway.series()[sample.series];
        std::array<Tag, 4> tags;
        for (std::size_t tag = 0; tag < series.tags.size(); ++tag) tags.at(tag).key = series.tags[tag];
        pipeline.add({.name = series.name,
                      .value = sample.value,
                      .tags = std::span(tags).first(series.tags.size()),
                      .time = sample.time});
      }
      for (Block& block : pipeline.flush(clock.wall())) (void)(*buffer)->put(std::move(block));
      (void)(*buffer)->maintain(clock.wall());
      cost += processor_seconds() - began;
      clock.advance(10'000);
    }
    const double began = processor_seconds();
    (void)send_all(**buffer);
    costs.push_back(cost + processor_seconds() - began);
  }
  std::sort(costs.begin(), costs.end());
  return costs[costs.size() / 2];
}

void by_series() {
  fmt::print(
      "\nA minute: six captures every 10 s, six flushes into a buffer, one release, without the network.\n"
      "A request has 10,000 points at most: from that many series on each point brings its names along,\n"
      "which a smaller release says once for six points; the cost is linear again from there.\n\n"
      "| series | CPU ms a minute | us a point | slope |\n|---|---|---|---|\n");
  Slope slope;
  for (const std::size_t number : {10U, 100U, 1000U, 10'000U, 40'000U}) {
    const double cost = minute_of(number);
    fmt::print("| {} | {:.3f} | {:.2f} | {} |\n", number, cost * 1e3,
               cost / static_cast<double>(number) / 6 * 1e6, slope.next(static_cast<double>(number), cost));
  }
}

struct Outage {
  std::uint64_t points = 0;
  double flushed = 0, sent = 0;  // processor seconds
  double file = 0, memory = 0;   // bytes
};

Outage outage_of(int flushes) {
  Outage outage;
  Gateway gateway(100);
  test::FakeClock clock(start);
  Stats stats;
  const test::TempDir folder;
  const auto before = static_cast<double>(memory::resident());
  auto buffer =
      open_buffer(settings_of("embedded"),
                  {.folder = folder / "state", .outputs = {"datadog"}, .clock = &clock, .stats = &stats});
  std::vector<Sample> samples;
  for (int i = 0; i < flushes; ++i) {
    samples.clear();
    gateway.capture(clock.wall(), samples);
    const double began = processor_seconds();
    (void)(*buffer)->put(encode_block(gateway.series(), samples));
    (void)(*buffer)->maintain(clock.wall());
    outage.flushed += processor_seconds() - began;
    clock.advance(10'000);
  }
  outage.memory = std::max(0.0, static_cast<double>(memory::resident()) - before);
  for (const char* name : {"buffer.db", "buffer.db-wal"})
    outage.file += static_cast<double>(std::filesystem::file_size(folder / (std::string("state/") + name)));
  const double began = processor_seconds();
  outage.points = send_all(**buffer);
  outage.sent = processor_seconds() - began;
  return outage;
}

// In a process of its own, whose memory is that of this outage; of short ones the median of five, by what the
// flushes cost.
Outage measured(int flushes) {
  const int runs = flushes < 2000 ? 5 : 1;
  std::vector<Outage> all;
  for (int i = 0; i < runs; ++i) {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) return {};
    if (::fork() == 0) {
      const Outage outage = outage_of(flushes);
      ::_exit(::write(ends[1], &outage, sizeof outage) == sizeof outage ? 0 : 1);
    }
    ::close(ends[1]);
    Outage outage;
    if (::read(ends[0], &outage, sizeof outage) == sizeof outage) all.push_back(outage);
    ::close(ends[0]);
    ::wait(nullptr);
  }
  if (all.empty()) return {};
  std::sort(all.begin(), all.end(), [](const Outage& a, const Outage& b) { return a.flushed < b.flushed; });
  return all[all.size() / 2];
}

void by_outage() {
  fmt::print(
      "An outage: 100 series every 10 s into the embedded buffer, then all of it is read, encoded, deflated "
      "and "
      "acked. The file is what lies in the folder, with its log.\n\n"
      "| outage | points | CPU s of its flushes | slope | CPU s of the sending | slope | file MB | memory MB "
      "|\n|---|---|---|---|---|---|---|---|\n");
  (void)std::fflush(stdout);
  Slope flushing;
  Slope sending;
  for (const auto& [name, flushes] :
       {std::pair{"1 minute", 6}, std::pair{"10 minutes", 60}, std::pair{"1 hour", 360},
        std::pair{"4 hours", 1440}, std::pair{"1 day", 8640}, std::pair{"7 days", 60'480}}) {
    const Outage outage = measured(flushes);
    fmt::print("| {} | {} | {:.4f} | {} | {:.4f} | {} | {:.2f} | {:.1f} |\n", name, outage.points,
               outage.flushed, flushing.next(flushes, outage.flushed), outage.sent,
               sending.next(flushes, outage.sent), outage.file / 1e6, outage.memory / 1e6);
    (void)std::fflush(stdout);
  }
}

}  // namespace

int main() {
  by_outage();
  by_series();
  return 0;
}
