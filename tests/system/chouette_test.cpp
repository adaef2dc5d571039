// The drop-in: applications write into Redis as for the Python agent, and everything arrives at the intake.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/io/json.hpp"
#include "core/runtime/clock.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/sent_points.hpp"

namespace scops::test {
namespace {

// What a deployment of the Python agent has, with short periods.
Environment drop_in(const HttpSink& sink, std::uint16_t redis_port) {
  return {{"API_KEY", "0123456789abcdef"},
          {"DATADOG_URL", sink.url() + "/api"},
          {"DATADOG_LOGS_URL", sink.url()},
          {"GLOBAL_TAGS", R"(["fleet:test"])"},
          {"HOST", "owl-1"},
          {"REDIS_HOST", "127.0.0.1"},
          {"REDIS_PORT", std::to_string(redis_port)},
          {"COLLECTOR_PLUGINS", "[]"},
          {"AGGREGATE_INTERVAL", "1"},
          {"RELEASE_INTERVAL", "1"},
          {"SEND_SELF_METRICS", "false"},
          {"SCOPS_DISPATCH_RATE_MAX", "20"}};
}

Environment drop_in(const HttpSink& sink, const RedisServer& redis) { return drop_in(sink, redis.port()); }

// A record in a queue, as a producer writes it.
void report(RedisClient& redis, const std::string& queue, double score, const std::string& id,
            const std::string& json) {
  const std::string name = "chouette:" + queue;
  REQUIRE(redis.command({"ZADD", name + ".keys", fmt::format("{}", score), id}));
  REQUIRE(redis.command({"HSET", name + ".values", id, json}));
}

void report_count(RedisClient& redis, double now, const std::string& id) {
  report(
      redis, "metrics:raw", now, id,
      fmt::format(R"({{"metric":"app.events","type":"count","value":1,"timestamp":{},"tags":{{}}}})", now));
}

double now_seconds() { return static_cast<double>(SystemClock().wall()) / 1000; }

std::vector<SinkRequest> sent_to(const HttpSink& sink, std::string_view path) {
  std::vector<SinkRequest> requests;
  for (SinkRequest& request : sink.requests()) {
    if (request.target.starts_with(path)) requests.push_back(std::move(request));
  }
  return requests;
}

std::vector<SentPoint> series_of(const HttpSink& sink, std::string_view metric) {
  std::vector<SentPoint> points;
  for (SentPoint& point : points_of(sent_to(sink, "/api/v1/series"))) {
    if (point.id.metric == metric) points.push_back(std::move(point));
  }
  return points;
}

// The sum over points that are told apart: what a request that came twice leaves in the intake.
double sum_of(const HttpSink& sink, std::string_view metric) {
  std::map<PointId, double> points;
  for (const SentPoint& point : series_of(sink, metric)) {
    const auto [known, fresh] = points.emplace(point.id, point.value);
    if (!fresh) CHECK(known->second == point.value);
  }
  double sum = 0;
  for (const auto& [id, value] : points) sum += value;
  return sum;
}

}  // namespace

TEST_CASE("a Python application's metrics and logs arrive", "[system][chouette]") {
  const RedisServer redis;
  const HttpSink sink;
  AgentProcess agent({.environment = drop_in(sink, redis)});
  REQUIRE(std::system(
              fmt::format("/usr/bin/python3 '{}/tests/system/producer.py' {}", SCOPS_SOURCE_DIR, redis.port())
                  .c_str()) == 0);
  REQUIRE(eventually([&] { return sum_of(sink, "py.requests") >= 100; }));
  REQUIRE(eventually([&] { return !sent_to(sink, "/v1/input").empty(); }));
  CHECK(agent.stop() == 0);

  CHECK(sum_of(sink, "py.requests") == 100);
  for (const SentPoint& point : series_of(sink, "py.requests")) {
    CHECK(point.id.tags == "fleet:test,path:/,retry:False");
    CHECK(point.type == "count");
    CHECK(point.host == "owl-1");
  }
  CHECK(sum_of(sink, "py.users") == 2);
  CHECK(series_of(sink, "py.depth").at(0).value == 7);
  CHECK_FALSE(series_of(sink, "py.seconds.95percentile").empty());
  CHECK(series_of(sink, "py.seconds.sum").empty());

  const auto logs = sent_to(sink, "/v1/input");
  REQUIRE(logs.size() == 1);
  CHECK(logs[0].target == "/v1/input?api_key=0123456789abcdef");
  const auto body = JsonDoc::parse(logs[0].body);
  REQUIRE(body);
  const auto entry = body->root().at(0);
  CHECK(entry["ddtags"].text() == "team:owls,fleet:test");
  CHECK(entry["host"].text() == "owl-1");
  CHECK(entry["service"].text() == "producer");
  CHECK(entry["message"]["message"].text() == "lens left is dirty");
}

TEST_CASE("what was written while no agent ran is drained at its start", "[system][chouette]") {
  const RedisServer redis;
  const HttpSink sink;
  const SystemClock clock;
  RedisClient client(redis.target(), clock);
  const double now = now_seconds();
  for (int i = 0; i < 50; ++i) report_count(client, now - 60 + i, fmt::format("early-{}", i));
  report(
      client, "metrics:wrapped", now - 30, "left-by-python",
      fmt::format(R"({{"metric":"app.left","tags":["a:b"],"points":[[{},3]],"type":"count","interval":10}})",
                  now - 30));
  AgentProcess agent({.environment = drop_in(sink, redis)});
  REQUIRE(eventually([&] { return sum_of(sink, "app.events") >= 50 && sum_of(sink, "app.left") == 3; }));
  CHECK(agent.stop() == 0);
  CHECK(sum_of(sink, "app.events") == 50);
  CHECK(series_of(sink, "app.left").at(0).id.tags == "a:b,fleet:test");
}

TEST_CASE("the open window is aggregated when the agent stops", "[system][chouette]") {
  const RedisServer redis;
  const HttpSink sink;
  const SystemClock clock;
  RedisClient client(redis.target(), clock);
  AgentProcess agent({.environment = with(drop_in(sink, redis), {{"AGGREGATE_INTERVAL", "3600"}})});
  REQUIRE(agent.wait_for_err("event=started"));
  report_count(client, now_seconds(), "open");
  CHECK(agent.stop() == 0);
  CHECK(sum_of(sink, "app.events") == 1);
}

TEST_CASE("no kill of the agent loses or doubles a record", "[system][chouette]") {
  const RedisServer redis;
  const HttpSink sink;
  std::atomic<int> reported{0};
  std::jthread producer([&](const std::stop_token& stop) {
    const SystemClock clock;
    RedisClient client(redis.target(), clock);
    while (!stop.stop_requested()) {
      report_count(client, now_seconds(), fmt::format("record-{}", reported.load()));
      ++reported;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  // Until something has gone through one of them that was killed.
  for (int life = 0; life < 6 || (life < 30 && sum_of(sink, "app.events") == 0); ++life) {
    AgentProcess agent({.environment = drop_in(sink, redis)});
    std::this_thread::sleep_for(std::chrono::milliseconds(900 + 130 * life));  // kills at different moments
    agent.kill();
  }
  producer.request_stop();
  producer.join();
  REQUIRE(sum_of(sink, "app.events") > 0);
  AgentProcess agent({.environment = drop_in(sink, redis)});
  REQUIRE(eventually([&] { return sum_of(sink, "app.events") >= reported; }));
  CHECK(agent.stop() == 0);
  CHECK(sum_of(sink, "app.events") == reported);
}

TEST_CASE("an agent whose Redis is not there yet waits for it", "[system][chouette]") {
  RedisServer redis;
  const HttpSink sink;
  redis.stop();
  AgentProcess agent({.environment = drop_in(sink, redis)});
  REQUIRE(agent.wait_for_err("refused"));
  redis.start();
  const SystemClock clock;
  RedisClient client(redis.target(), clock);
  report_count(client, now_seconds(), "first");
  CHECK(eventually([&] { return sum_of(sink, "app.events") == 1; }));
  CHECK(agent.stop() == 0);
}

TEST_CASE("a Redis that hangs does not hold up a stop beyond 5 s", "[system][chouette]") {
  const RedisServer redis;
  const HttpSink sink;
  for (const int after : {50, 700, 1500}) {
    INFO("SIGTERM " << after << " ms after Redis began to hang");
    AgentProcess agent({.environment = with(drop_in(sink, redis), {{"COLLECTOR_PLUGINS", R"(["host"])"},
                                                                   {"CAPTURE_INTERVAL", "1"}})});
    REQUIRE(eventually([&] { return redis.run({"EXISTS", "{scops:scops}:size"}) == "1"; }));
    redis.pause();
    std::this_thread::sleep_for(std::chrono::milliseconds(after));
    const auto before = std::chrono::steady_clock::now();
    CHECK(agent.stop() == 0);
    CHECK(std::chrono::steady_clock::now() - before < stop_max);
    redis.resume();
  }
}

TEST_CASE("contract 4: the agent reports its own work under the contract's names", "[system][chouette]") {
  const RedisServer redis;
  const HttpSink sink;
  const SystemClock clock;
  RedisClient client(redis.target(), clock);
  AgentProcess agent({.environment = with(drop_in(sink, redis), {{"SEND_SELF_METRICS", "true"}})});
  report_count(client, now_seconds(), "one");
  report(client, "logs:wrapped", now_seconds(), "one", R"({"message":"one"})");
  for (const std::string_view metric :
       {"chouette.queued.metrics", "chouette.dispatched.metrics.number", "chouette.dispatched.metrics.bytes",
        "chouette.dispatched.logs.number", "chouette.dispatched.logs.bytes"}) {
    INFO(metric);
    CHECK(eventually([&] { return !series_of(sink, metric).empty(); }));
  }
  CHECK(series_of(sink, "chouette.queued.metrics").at(0).type == "gauge");
  CHECK(series_of(sink, "chouette.dispatched.metrics.number").at(0).type == "count");
  CHECK(series_of(sink, "chouette.dispatched.metrics.number").at(0).id.tags == "fleet:test");
}

TEST_CASE("where blocks wait follows CHOUETTE_STORAGE_TYPE, else whether a Redis was named",
          "[system][chouette]") {
  const RedisServer redis;
  const HttpSink sink;
  const auto buffer_of = [&](const Environment& more) {
    AgentProcess agent({.environment = with(drop_in(sink, redis), more)});
    REQUIRE(agent.wait_for_err("event=started"));
    const std::string log = agent.err();
    const auto at = log.find("buffer=") + 7;
    return log.substr(at, log.find(' ', at) - at);
  };
  CHECK(buffer_of({}) == "redis");
  CHECK(buffer_of({{"REDIS_HOST", ""}, {"REDIS_PORT", ""}}) == "embedded");
  CHECK(buffer_of({{"CHOUETTE_STORAGE_TYPE", "embedded"}}) == "embedded");
  CHECK(buffer_of({{"CHOUETTE_STORAGE_TYPE", "memory"}}) == "memory");
  CHECK(buffer_of({{"REDIS_HOST", ""}, {"CHOUETTE_STORAGE_TYPE", "Redis"}}) == "redis");
}

TEST_CASE("in a cluster, where a queue's keys are on other nodes than the buffer's, records arrive too",
          "[system][chouette]") {
  RedisCluster cluster;
  const HttpSink sink;
  const SystemClock clock;
  RedisClient client(cluster.target(), clock);
  AgentProcess agent({.environment = drop_in(sink, cluster.node(0).port())});
  for (int i = 0; i < 20; ++i) report_count(client, now_seconds(), fmt::format("{}", i));
  CHECK(eventually([&] { return sum_of(sink, "app.events") == 20; }));
  CHECK(eventually([&] {
    return client.command({"EXISTS", "chouette:metrics:raw.values"})->integer() == 0;
  }));
  CHECK(agent.stop() == 0);
}

TEST_CASE("an application's records reach the intake through the embedded buffer too", "[system][chouette]") {
  const RedisServer redis;
  const HttpSink sink;
  const SystemClock clock;
  RedisClient client(redis.target(), clock);
  AgentProcess agent({.environment = with(drop_in(sink, redis), {{"CHOUETTE_STORAGE_TYPE", "embedded"}})});
  for (int i = 0; i < 20; ++i) report_count(client, now_seconds(), fmt::format("{}", i));
  CHECK(eventually([&] { return sum_of(sink, "app.events") == 20; }));
  CHECK(eventually([&] {
    return client.command({"EXISTS", "chouette:metrics:raw.values"})->integer() == 0;
  }));
  CHECK(agent.stop() == 0);
}

}  // namespace scops::test
