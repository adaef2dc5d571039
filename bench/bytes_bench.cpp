// bytes_bench: what a point of a gateway's 100 series, captured every 10 s, takes on the wire and in the
// embedded buffer, over an hour of its own clock. Prints a section of docs/benchmarks.md; docs/bytes.md says
// what is counted.
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bench/gateway.hpp"
#include "bench/head_bytes.hpp"
#include "core/io/block_codec.hpp"
#include "core/model/text.hpp"
#include "core/runtime/stats.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/temp_dir.hpp"
#include "transport/buffer/buffer.hpp"
#include "transport/dispatch/batch.hpp"
#include "transport/outputs/datadog/datadog.hpp"

namespace {

using namespace scops;
using scops::bench::Gateway;

constexpr int flushes_an_hour = 360;
constexpr TimeMs period = 10'000;

BufferSettings embedded() {
  return {.type = "embedded",
          .metric_ttl = std::chrono::hours(24),
          .log_ttl = std::chrono::hours(24),
          .bytes_max = {64U << 20U},
          .hold = Duration(0),
          .memory_max = {8U << 20U}};
}

void on_the_wire(std::size_t number, int flushes, const std::string& interface) {
  Gateway gateway(number);
  test::FakeClock clock(1'763'760'000'000);
  test::HttpSink intake;
  DatadogSettings settings;
  settings.api_key.text = "0123456789abcdef0123456789abcdef";
  settings.url = intake.url() + "/api";
  settings.series = interface;
  Datadog output(settings, {.host = "gateway-0017", .user_agent = "scops/0.1.0"});
  std::vector<Sample> samples;
  std::vector<Block> blocks;
  for (int flush = 1; flush <= flushes_an_hour; ++flush) {
    samples.clear();
    gateway.capture(clock.wall(), samples);
    blocks.push_back(encode_block(gateway.series(), samples));
    blocks.back().id = {0, static_cast<std::uint64_t>(flush)};
    clock.advance(period);
    if (flush % flushes != 0) continue;
    (void)output.send(merge(Kind::metrics, blocks).payload, std::chrono::seconds(10), {});
    blocks.clear();
  }
  double body = 0;
  double head = 0;
  for (const test::SinkRequest& request : intake.requests()) {
    body += static_cast<double>(request.raw_body.size());
    head += static_cast<double>(bench::head_bytes(request));
  }
  const double points = static_cast<double>(number) * flushes_an_hour;
  fmt::print("| {} | {} s | {} | {} | {:.2f} | {:.2f} |\n", number, flushes * period / 1000, interface,
             intake.requests().size(), body / points, (body + head) / points);
}

void in_the_buffer(std::size_t number) {
  Gateway gateway(number);
  test::FakeClock clock(1'763'760'000'000);
  Stats stats;
  const test::TempDir folder;
  double blocks = 0;
  {
    auto buffer = open_buffer(
        embedded(), {.folder = folder / "state", .outputs = {"datadog"}, .clock = &clock, .stats = &stats});
    std::vector<Sample> samples;
    for (int flush = 0; flush < flushes_an_hour; ++flush) {
      samples.clear();
      gateway.capture(clock.wall(), samples);
      Block block = encode_block(gateway.series(), samples);
      stamp_block(block.bytes, {.boot = 1, .offset = 1'763'000'000'000, .set = true, .sure = true});
      blocks += static_cast<double>(block.bytes.size());
      (void)(*buffer)->put(std::move(block));
      (void)(*buffer)->maintain(clock.wall());
      clock.advance(period);
    }
  }
  const double points = static_cast<double>(number) * flushes_an_hour;
  const auto file = static_cast<double>(std::filesystem::file_size(folder / "state/buffer.db"));
  fmt::print("| {} | {:.0f} | {:.2f} | {:.2f} |\n", number, blocks / flushes_an_hour, blocks / points,
             file / points);
}

}  // namespace

int main() {
  fmt::print(
      "| series | released each | datadog.series | requests | body, bytes a point | with the HTTP head "
      "|\n|---|---|---|---|---|---|\n");
  for (const char* interface : {"v1", "v3"}) {
    for (const std::size_t number : {10U, 100U, 1000U}) on_the_wire(number, 6, interface);
    on_the_wire(100, 60, interface);
  }
  fmt::print(
      "\n| series | bytes a block | bytes of blocks a point | bytes of the file a point "
      "|\n|---|---|---|---|\n");
  for (const std::size_t number : {10U, 100U, 1000U}) in_the_buffer(number);
  return 0;
}
