// An intake, and the way to it, that fail in every way. What was collected arrives, each point is accepted
// once, and the key goes nowhere else.
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/runtime/clock.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/bad_intake.hpp"
#include "tests/support/blocks.hpp"
#include "tests/support/dns_server.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/own_numbers.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/temp_dir.hpp"
#include "transport/buffer/buffer.hpp"

namespace scops::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::string_view key = "0123456789abcdef";

Environment delivering_to(const std::string& url) {
  return {{"API_KEY", std::string(key)},
          {"DATADOG_URL", url},
          {"CAPTURE_INTERVAL", "1"},
          {"AGGREGATE_INTERVAL", "1"},
          {"RELEASE_INTERVAL", "1"},
          {"SEND_SELF_METRICS", "false"},
          {"SCOPS_DISPATCH_BACKOFF_MIN", "100ms"},
          {"SCOPS_DISPATCH_BACKOFF_MAX", "1s"},
          {"SCOPS_DISPATCH_RATE_MAX", "20"}};
}

// All that was sent was accepted in the end, and once.
void check_once(const std::vector<SinkRequest>& requests, const std::vector<SinkAnswer>& script) {
  const auto accepted = counted(accepted_of(requests, script));
  CHECK(counted(requests).size() == accepted.size());
  std::string doubled;
  for (const auto& [point, count] : accepted) {
    if (count != 1) doubled += fmt::format("{} came {} times\n", to_string(point), count);
  }
  CHECK(doubled.empty());
}

std::int64_t unix_ms() { return SystemClock().wall(); }

// Fills a buffer as an agent leaves it that was cut off for hours: 50 points a block.
void fill(BufferContext context, const std::string& type, int blocks) {
  Stats stats;
  const SystemClock clock;
  context.outputs = {"datadog"};
  context.clock = &clock;
  context.stats = &stats;
  BufferSettings settings = buffer_settings();
  settings.type = type;
  const auto buffer = open_buffer(settings, context);
  REQUIRE(buffer);
  for (int i = 0; i < blocks; ++i)
    (void)put(**buffer, block_of(50, unix_ms() - 7'200'000 + i * 1000, static_cast<std::uint64_t>(i)));
}

}  // namespace

TEST_CASE("while hours of backlog drain, what is fresh arrives with them", "[dispatch]") {
  const bool redis = GENERATE(false, true);
  const int blocks = fault_tries(60, 300);
  RedisServer server;
  const TempDir state;
  HttpSink sink;
  BufferContext context;
  context.folder = state.path();
  context.redis = server.target();
  context.redis_name = "scops";
  context.consumer = "board";
  fill(context, redis ? "redis" : "embedded", blocks);
  Environment environment = with(
      delivering_to(sink.url()),
      {{"SCOPS_AGENT_STATE", state.path()}, {"METRICS_BULK_SIZE", "50"}, {"SCOPS_DISPATCH_RATE_MAX", "3"}});
  if (redis) {
    environment["REDIS_HOST"] = "127.0.0.1";
    environment["REDIS_PORT"] = std::to_string(server.port());
    environment["SCOPS_REDIS_CONSUMER"] = "board";
  }
  const std::int64_t start = unix_ms();
  std::size_t seen = 0;  // requests
  std::size_t old_points = 0;
  std::int64_t newest = 0;
  const auto look = [&] {
    const auto requests = sink.requests();
    for (; seen < requests.size(); ++seen) {
      for (const SentPoint& point : points_of(requests[seen])) {
        old_points += point.id.time_ms < start - 600'000 ? 1 : 0;
        newest = std::max(newest, point.id.time_ms);
      }
    }
    return newest > start;
  };
  AgentProcess agent({.environment = environment});
  REQUIRE(eventually(look));
  const auto all = static_cast<std::size_t>(blocks) * 50;
  CHECK(old_points < all);  // the backlog is not through
  std::int64_t oldest = 0;
  if (fault_tries(0, 1) == 1) {
    while (old_points < all) {
      REQUIRE(sink.wait_for(seen + 1, long_enough));
      oldest = std::max(oldest, unix_ms() - newest);
      (void)look();
    }
    CHECK(oldest < 5000);  // two intervals, and a loaded machine
    CHECK(agent.stop() == 0);
    record_fault({.area = "Dispatch",
                  .promise = "fresh data passes a backlog that drains, at every release",
                  .fault = fmt::format("{} points of two hours ago in the {} buffer, 3 requests a second",
                                       all, redis ? "redis" : "embedded"),
                  .tried = 1,
                  .outcome = fmt::format("at most {:.1f} s old at a period of 1 s",
                                         static_cast<double>(oldest) / 1000)});
  }
  check_once(sink.requests(), {});
}

TEST_CASE("redirects are not followed: no other host gets the key or the data", "[dispatch]") {
  HttpSink other;
  HttpSink sink;
  std::vector<SinkAnswer> script;
  for (const int status : {301, 302, 303, 307, 308})
    script.push_back({.status = status, .headers = {"Location: " + other.url() + "/elsewhere"}});
  sink.script(script);
  AgentProcess agent({.environment = delivering_to(sink.url())});
  REQUIRE(sink.wait_for(script.size() + 2, long_enough));
  CHECK(agent.stop() == 0);
  CHECK(other.connections() == 0);
  check_once(sink.requests(), script);
}

TEST_CASE("a proxy that dies, refuses or shows a page costs nothing", "[dispatch]") {
  auto proxy = std::make_unique<HttpSink>();
  const int port = proxy->port();
  const std::string url = proxy->url();
  std::vector<SinkAnswer> script = {
      {.status = 407, .headers = {"Proxy-Authenticate: Basic realm=\"x\""}},
      {.status = 502, .body = "<html>bad gateway</html>"},
      captive_portal(),
      {.status = 200, .headers = {"Content-Type: text/html"}, .body = "\xef\xbb\xbf<html>"},
      {.status = 511, .body = "<html>log in</html>"},
      {.fault = Fault::reset_after}};
  proxy->script(script);
  AgentProcess agent({.environment = with(delivering_to("http://intake.example/api"),
                                          {{"http_proxy", url}, {"SCOPS_HTTP_LISTEN", "127.0.0.1:0"}})});
  REQUIRE(proxy->wait_for(script.size() + 2, long_enough));
  auto all = proxy->requests();
  const SinkRequest last = all.back();
  all.pop_back();
  const auto end_of_first = static_cast<std::ptrdiff_t>(all.size());
  proxy.reset();
  REQUIRE(eventually([&] { return number_of(agent, "scops_dispatch_backoff_seconds") > 0; }));
  proxy = std::make_unique<HttpSink>("127.0.0.1", port);
  REQUIRE(proxy->wait_for(2, long_enough));
  REQUIRE(eventually([&] { return number_of(agent, "scops_buffer_blocks") == 0; }));
  CHECK(agent.stop() == 0);
  for (SinkRequest& request : proxy->requests()) all.push_back(std::move(request));
  // The answer to the last one may have been lost with the proxy; then it has come again.
  if (counted(accepted_of(all, script)).count(points_of(last).front().id) == 0)
    all.insert(all.begin() + end_of_first, last);
  check_once(all, script);
  CHECK(all.front().target.starts_with("http://intake.example/api/v1/series"));
}

TEST_CASE("a name that is gone, silent, and comes back elsewhere", "[dispatch]") {
  DnsServer names;
  if (!names.works()) return not_tested("no right to mount (root)");
  names.answer("");
  auto sink = std::make_unique<HttpSink>();
  const int port = sink->port();
  AgentProcess agent({.environment = delivering_to(fmt::format("http://intake.example:{}", port))});
  REQUIRE(agent.wait_for_err("name not found"));
  names.answer("127.0.0.1");
  REQUIRE(sink->wait_for(1, long_enough));
  // It moves: the old address is dead, the new one is asked for at the next connection.
  sink.reset();
  sink = std::make_unique<HttpSink>("127.0.0.2", port);
  names.answer("127.0.0.2");
  REQUIRE(sink->wait_for(1, long_enough));
  // A name server that says nothing holds up neither captures nor a stop.
  names.answer("silent");
  sink.reset();
  REQUIRE(agent.wait_for_err("event=send_failed"));
  const int questions = names.questions();
  REQUIRE(eventually([&] { return names.questions() > questions; }));
  const auto before = steady_clock::now();
  CHECK(agent.stop() == 0);
  CHECK(steady_clock::now() - before < seconds(5));
  record_fault({.area = "Dispatch",
                .promise = "nothing is lost, and SIGTERM ends the agent within 5 s",
                .fault = "the intake's name is gone, comes back, moves, its name server is silent",
                .tried = 4,
                .outcome = "asked again at each connection"});
}

TEST_CASE("an intake that fails in every way gets everything, each point once", "[dispatch]") {
  const int length = fault_tries(5, 300);
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  HttpSink sink;
  const std::vector<SinkAnswer> script = draw_script(random, static_cast<std::size_t>(length));
  sink.script(script);
  AgentProcess agent(
      {.environment = with(delivering_to(sink.url()), {{"SCOPS_HTTP_LISTEN", "127.0.0.1:0"}})});
  const auto answered = [&] { return sink.requests().size() >= script.size() + 2; };
  REQUIRE(eventually(answered, fault_tries(1, 1000) * long_enough));
  const double taken = number_of(agent, "scops_pipeline_samples_total");
  CHECK(agent.stop() == 0);
  check_once(sink.requests(), script);
  const auto accepted = counted(accepted_of(sink.requests(), script));
  CHECK(static_cast<double>(accepted.size()) >= taken);
  for (const auto& [point, value] : stored_points(agent.state())) {
    INFO(to_string(point) << " was left in the buffer");
    CHECK(accepted.count(point) == 1);
  }
  record_fault({.area = "Dispatch",
                .promise = "every answer gets its due: nothing is lost, nothing accepted is sent again",
                .fault = "5xx, 429, 403, 400, 413, resets, stalls, cut and endless answers, captive portals",
                .tried = length,
                .outcome = fmt::format("{} points accepted, each once", accepted.size())});
}

}  // namespace scops::test
