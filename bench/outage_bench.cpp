// outage_bench PORT: fills the buffer `redis` with what an outage of 4 hours leaves of 100 series every 30 s,
// as the agent would, and prints the number of points and the bytes that they take there (MEMORY USAGE of all
// keys).
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/io/block_codec.hpp"
#include "core/io/redis.hpp"
#include "core/model/text.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/stats.hpp"
#include "transport/buffer/buffer.hpp"

namespace {

using namespace scops;

constexpr int captures = 4 * 3600 / 30;
constexpr int series_count = 100;

std::vector<Series> some_series() {
  std::vector<Series> series;
  series.reserve(series_count);
  for (int i = 0; i < series_count; ++i) {
    series.push_back({.name = fmt::format("Chouette.host.metric{}.value", i / 4),
                      .tags = {fmt::format("device:/dev/mmcblk0p{}", i % 4), "environment:production"},
                      .type = MetricType::gauge,
                      .interval_s = 0});
  }
  return series;
}

// A load, a temperature, a counter: some values change with each capture, most by little.
double value_of(int series, int capture) {
  if (series % 3 == 0) return (series + 1) * capture * 79 % 10'000 / 100.0;
  return series * 1'000.0 + static_cast<double>(capture) * (series % 5);
}

Result<std::int64_t> memory(RedisClient& redis) {
  const auto found = redis.command({"KEYS", "{scops:scops}*"});
  if (!found) return found.error();
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < found->size(); ++i) keys.emplace_back(found->at(i).text());
  std::int64_t bytes = 0;
  for (const std::string& key : keys) {
    const auto usage = redis.command({"MEMORY", "USAGE", key, "SAMPLES", "0"});
    if (!usage) return usage.error();
    bytes += usage->integer();
  }
  return bytes;
}

Status fill(const RedisTarget& target) {
  const SystemClock clock;
  Stats stats;
  const BufferSettings settings{.type = "redis",
                                .metric_ttl = std::chrono::hours(5),
                                .log_ttl = std::chrono::hours(18),
                                .bytes_max = {64U << 20U},
                                .hold = Duration(0),
                                .memory_max = {8U << 20U}};
  auto buffer = open_buffer(settings, {.folder = "",
                                       .outputs = {"datadog"},
                                       .clock = &clock,
                                       .stats = &stats,
                                       .redis = target,
                                       .redis_name = "scops",
                                       .consumer = "bench"});
  if (!buffer) return buffer.error();
  const std::vector<Series> series = some_series();
  const TimeMs now = clock.wall() / 1000 * 1000;
  std::vector<Sample> samples;
  for (int capture = 0; capture < captures; ++capture) {
    samples.clear();
    for (int i = 0; i < series_count; ++i) {
      samples.push_back(
          {static_cast<std::uint32_t>(i), now - (captures - capture) * TimeMs{30'000}, value_of(i, capture)});
    }
    const auto put = (*buffer)->put(encode_block(series, samples));
    if (!put) return put.error();
  }
  RedisClient redis(target, clock);
  const auto bytes = memory(redis);
  if (!bytes) return bytes.error();
  fmt::print("{} {}\n", captures * series_count, *bytes);
  return Ok{};
}

}  // namespace

int main(int count, char** arguments) {
  const auto port = count == 2 ? to_uint(arguments[1]) : std::nullopt;
  if (!port) return 2;
  const Status filled = fill({.host = "127.0.0.1", .port = static_cast<std::uint16_t>(*port)});
  if (filled) return 0;
  fmt::print(stderr, "outage_bench: {}\n", filled.error().text);
  return 1;
}
