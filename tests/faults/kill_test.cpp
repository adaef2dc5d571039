// kill -9 at random moments, again and again on the same state. What a put had made durable arrives; what
// arrives twice was in the batch that was in flight at a kill. crash_test.cpp does it against an intake that
// fails in every way; here are many kills, and those of an agent that drains a Redis.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/runtime/clock.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/applications.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

using std::chrono::milliseconds;

Environment fast(const HttpSink& sink, const std::string& host, const Environment& more) {
  Environment all = {{"API_KEY", "0123456789abcdef"},
                     {"DATADOG_URL", sink.url()},
                     {"HOST", host},
                     {"CAPTURE_INTERVAL", "1"},
                     {"AGGREGATE_INTERVAL", "1"},
                     {"RELEASE_INTERVAL", "1"},
                     {"SEND_SELF_METRICS", "false"},
                     {"SCOPS_DISPATCH_RATE_MAX", "50"},
                     {"SCOPS_DISPATCH_BACKOFF_MIN", "100ms"},
                     {"SCOPS_DISPATCH_BACKOFF_MAX", "1s"}};
  all.insert(more.begin(), more.end());
  return all;
}

// A third of the requests are not accepted, so that something waits most of the time.
std::vector<SinkAnswer> moody(std::mt19937& random, std::size_t length) {
  std::vector<SinkAnswer> script;
  while (script.size() < length) {
    const auto mood = random() % 9;
    script.push_back(mood == 0   ? SinkAnswer{.status = 503, .body = "down"}
                     : mood == 1 ? SinkAnswer{.fault = Fault::reset_after}
                     : mood == 2 ? SinkAnswer{.status = 429, .body = "slowly"}
                                 : SinkAnswer{});
  }
  return script;
}

struct Sent {
  std::string host;  // the life of the agent that sent it
  std::set<PointId> points;
};

std::vector<Sent> accepted_by(const HttpSink& sink, const std::vector<SinkAnswer>& script) {
  std::vector<Sent> all;
  for (const SinkRequest& request : accepted_of(sink.requests(), script)) {
    Sent& sent = all.emplace_back();
    for (const SentPoint& point : points_of(request)) {
      sent.host = point.host;
      sent.points.insert(point.id);
    }
  }
  return all;
}

std::size_t missing(const std::map<PointId, double>& durable, const std::vector<Sent>& accepted) {
  std::set<PointId> there;
  for (const Sent& sent : accepted) there.insert(sent.points.begin(), sent.points.end());
  return static_cast<std::size_t>(std::count_if(
      durable.begin(), durable.end(), [&](const auto& point) { return there.count(point.first) == 0; }));
}

// Accepted requests of which a point was accepted again later; each must be the last one of its life.
int check_repetitions(const std::vector<Sent>& accepted) {
  std::map<PointId, std::size_t> first;
  std::set<std::size_t> repeated;
  for (std::size_t i = 0; i < accepted.size(); ++i) {
    for (const PointId& point : accepted[i].points) {
      const auto [at, fresh] = first.emplace(point, i);
      if (!fresh) repeated.insert(at->second);
      at->second = i;
    }
  }
  for (const std::size_t i : repeated) {
    INFO("request " << i << " of " << accepted[i].host);
    CHECK((i + 1 == accepted.size() || accepted[i + 1].host != accepted[i].host));
  }
  return static_cast<int>(repeated.size());
}

// Most lives end before or while the first window does, some later.
milliseconds draw_length(std::mt19937& random) {
  return milliseconds(random() % 4 == 0 ? random() % 2500 : random() % 1300);
}

double events_in(const HttpSink& sink, const std::vector<SinkAnswer>& script) {
  return sum_of(accepted_of(sink.requests(), script), "app.events");
}

}  // namespace

TEST_CASE("kill -9 at random moments loses nothing durable and doubles one batch at most", "[kill]") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const int kills = fault_tries(4, 800);
  HttpSink sink;
  const auto script = moody(random, 20'000);
  sink.script(script);
  const TempDir state;
  std::map<PointId, double> durable;
  // Where each life was too short, a few more.
  for (int life = 0; life < kills || (durable.empty() && life < kills + 20); ++life) {
    AgentProcess agent(
        {.environment = fast(sink, fmt::format("life-{}", life), {{"SCOPS_AGENT_STATE", state.path()}})});
    CHECK_FALSE(eventually([&] { return !agent.running(); }, draw_length(random)));
    agent.kill();
    for (const auto& [point, value] : stored_points(state.path())) durable[point] = value;
  }
  REQUIRE_FALSE(durable.empty());
  AgentProcess agent({.environment = fast(sink, "last", {{"SCOPS_AGENT_STATE", state.path()}})});
  const bool arrived = eventually([&] {
    std::this_thread::sleep_for(milliseconds(500));
    return missing(durable, accepted_by(sink, script)) == 0;
  });
  CHECK(arrived);
  CHECK(agent.stop() == 0);
  const std::vector<Sent> accepted = accepted_by(sink, script);
  CHECK(missing(durable, accepted) == 0);
  const int repeated = check_repetitions(accepted);
  record_fault(
      {.area = "Start and stop",
       .promise = "nothing durable is lost, and no double beyond the one batch in flight",
       .fault = "kill -9 at a random moment, embedded buffer, every third request not accepted",
       .tried = kills,
       .outcome = fmt::format("{} durable points, all accepted; {} of {} accepted requests came again, "
                              "each the last one before a kill",
                              durable.size(), repeated, accepted.size())});
}

TEST_CASE("kill -9 while applications report through Redis neither loses nor doubles an event", "[kill]") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const int kills = fault_tries(3, 200);
  const RedisServer redis;
  HttpSink sink;
  const auto script = moody(random, 20'000);
  sink.script(script);
  const Environment with_redis = {
      {"REDIS_HOST", "127.0.0.1"}, {"REDIS_PORT", std::to_string(redis.port())}, {"COLLECTOR_PLUGINS", "[]"}};
  Applications applications(redis, "app.events");
  for (int life = 0; life < kills; ++life) {
    AgentProcess agent({.environment = fast(sink, "owl-1", with_redis)});
    CHECK_FALSE(eventually([&] { return !agent.running(); }, draw_length(random)));
    agent.kill();
  }
  AgentProcess agent({.environment = fast(sink, "owl-1", with_redis)});
  const int reported = applications.stop();
  CHECK(eventually([&] {
    std::this_thread::sleep_for(milliseconds(500));
    return events_in(sink, script) >= reported;
  }));
  CHECK(agent.stop() == 0);
  CHECK(events_in(sink, script) == reported);
  record_fault({.area = "Start and stop",
                .promise = "an application's event is counted once",
                .fault = "kill -9 at a random moment, buffer in Redis, applications reporting all the time",
                .tried = kills,
                .outcome = fmt::format("{} events reported, {} counted", reported, reported)});
}

}  // namespace scops::test
