#include "agent/status/status.hpp"

#include <catch2/catch.hpp>

#include "core/io/json.hpp"
#include "core/runtime/log.hpp"
#include "tests/support/fake_clock.hpp"
#include "transport/buffer/buffer.hpp"

using namespace scops;
using scops::test::FakeClock;

namespace {

struct Zero final : PullCollector {
  Status collect(Emit& emit) override {
    if (!absent.empty()) return Error{ErrorKind::absent, absent};
    emit.gauge("zero", 0);
    return Ok{};
  }
  std::string absent;
};

struct Agent {
  Agent() {
    BufferSettings settings{.type = "memory",
                            .metric_ttl = Duration{3'600'000},
                            .log_ttl = Duration{3'600'000},
                            .bytes_max = {1 << 20},
                            .hold = {},
                            .memory_max = {1 << 20}};
    auto opened =
        open_buffer(settings, {.folder = "", .outputs = {"datadog"}, .clock = &clock, .stats = &stats});
    REQUIRE(opened);
    buffer = std::move(*opened);
  }
  static PipelineSettings pipeline_settings() {
    PipelineSettings settings;
    settings.series_max = 100;
    settings.samples_max = 100;
    return settings;
  }
  StatusPages pages() {
    return StatusPages({.host = "board \"7\"",
                        .state_folder = "/var/lib/scops",
                        .collectors = {&schedule},
                        .outputs = {"datadog"},
                        .buffer = buffer.get(),
                        .clock = &clock,
                        .stats = &stats,
                        .started = clock.steady() - 5'000,
                        .hung_output = [this] { return hung; }});
  }
  std::string hung;
  FakeClock clock;
  Stats stats;
  std::unique_ptr<Buffer> buffer;
  Pipeline pipeline{pipeline_settings(), 100, stats};
  Zero collector;
  Schedule schedule{"zero", collector, Duration{10'000}, pipeline, clock, stats};
};

}  // namespace

TEST_CASE("healthz answers as long as the process serves", "[agent]") {
  Agent agent;
  CHECK(agent.pages().answer("/healthz").status == 200);
}

TEST_CASE("healthz and status name an output whose thread hangs", "[agent]") {
  Agent agent;
  agent.hung = "datadog";
  const StatusPages pages = agent.pages();
  const HttpAnswer health = pages.answer("/healthz");
  CHECK(health.status == 503);
  CHECK(health.body == "the thread of output datadog hangs\n");
  const auto doc = JsonDoc::parse(pages.answer("/status").body);
  REQUIRE(doc);
  CHECK(doc->root()["unhealthy"].text() == "the thread of output datadog hangs");
}

TEST_CASE("status says why a collector had nothing to capture", "[agent]") {
  Agent agent;
  agent.collector.absent = "no such device";
  agent.schedule.capture();
  const auto doc = JsonDoc::parse(agent.pages().answer("/status").body);
  REQUIRE(doc);
  CHECK(doc->root()["collectors"].at(0)["absent"].text() == "no such device");
  CHECK(doc->root()["collectors"].at(0)["last_error"].text() == "");
}

TEST_CASE("readyz says no until every collector has captured", "[agent]") {
  Agent agent;
  CHECK(agent.pages().answer("/readyz").status == 503);
  CHECK(agent.pages().answer("/readyz").body == "collector zero has not captured yet\n");
  agent.schedule.capture();
  CHECK(agent.pages().answer("/readyz").status == 200);
}

TEST_CASE("unknown pages are not found", "[agent]") {
  Agent agent;
  CHECK(agent.pages().answer("/../etc/passwd").status == 404);
}

TEST_CASE("metrics names collectors, buffer and process", "[agent]") {
  Agent agent;
  agent.schedule.capture();
  for (Block& block : agent.pipeline.flush()) REQUIRE(agent.buffer->put(std::move(block)));
  const std::string page = agent.pages().answer("/metrics").body;
  for (const char* const line :
       {"scops_collect_runs_total{collector=\"zero\"} 1\n",
        "scops_collect_errors_total{collector=\"zero\"} 0\n",
        "scops_collect_seconds_total{collector=\"zero\"} ", "scops_buffer_blocks 1\n",
        "scops_buffer_records 1\n", "scops_buffer_oldest_age_seconds 0\n", "scops_uptime_seconds 5\n",
        "process_resident_memory_bytes "}) {
    INFO(page);
    CHECK(page.find(line) != std::string::npos);
  }
}

TEST_CASE("status is JSON whatever the names contain", "[agent]") {
  Agent agent;
  agent.schedule.capture();
  agent.stats.counter("scops_dispatch_requests_total", "R.", "output=\"datadog\",code=\"202\"").add(3);
  const auto doc = JsonDoc::parse(agent.pages().answer("/status").body);
  REQUIRE(doc);
  const auto root = doc->root();
  CHECK(root["host"].text() == "board \"7\"");
  CHECK(root["ready"].boolean() == true);
  CHECK(root["uptime_seconds"].number() == 5);
  CHECK(root["collectors"].at(0)["name"].text() == "zero");
  CHECK(root["collectors"].at(0)["runs"].number() == 1);
  CHECK(root["buffer"]["blocks"].number() == 0);
  CHECK(root["outputs"].at(0)["requests_total{code=\"202\"}"].number() == 3);
}
