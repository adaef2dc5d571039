#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collectors/pull/dramatiq/queue_scan.hpp"
#include "collectors/registry.hpp"
#include "core/config/load.hpp"
#include "core/config/spec.hpp"
#include "core/runtime/stats.hpp"
#include "tests/collectors/recording_emit.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_peer.hpp"
#include "tests/support/redis_server.hpp"

using namespace scops;
using scops::test::CapturedLog;
using scops::test::FakeClock;
using scops::test::RecordingEmit;
using scops::test::RedisServer;

namespace {

// Time goes by with each look at it, so that a time budget has an end.
class BusyClock final : public Clock {
 public:
  explicit BusyClock(std::int64_t step) : step_(step) {}
  [[nodiscard]] TimeMs wall() const override { return 1'700'000'000'000; }
  [[nodiscard]] std::int64_t steady() const override { return now_ += step_; }
  [[nodiscard]] std::int64_t boot() const override { return steady(); }
  void advance(std::int64_t milliseconds) { now_ += milliseconds; }

 private:
  std::int64_t step_;
  mutable std::int64_t now_ = 0;
};

std::vector<std::string> at(const RedisServer& redis) {
  return {"SCOPS_DRAMATIQ_HOST=127.0.0.1", "SCOPS_DRAMATIQ_PORT=" + std::to_string(redis.port())};
}

// The collector as the agent makes it.
struct Agent {
  Agent(std::vector<std::string> environment, const Clock& clock, RedisTarget shared = {}) {
    const Loaded loaded = load(sections, {.environment = std::move(environment)});
    REQUIRE(loaded.problems == std::vector<std::string>{});
    auto made = find_collector("dramatiq")
                    ->make(sections[0].settings.get(),
                           {.redis = std::move(shared), .clock = &clock, .stats = &stats});
    if (made) {
      collector = std::move(*made);
    } else {
      refusal = made.error();
    }
  }
  RecordingEmit capture() {
    RecordingEmit emit;
    const Status status = collector->collect(emit);
    failed = status ? "" : status.error().text;
    std::sort(emit.lines.begin(), emit.lines.end());
    return emit;
  }

  std::vector<Section> sections{find_collector("dramatiq")->section()};
  Stats stats;
  std::unique_ptr<PullCollector> collector;
  Error refusal;
  std::string failed;
};

std::vector<std::string> environment(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// Captures until `done` says so of one; how many it took, at most 1000.
int captures_until(Agent& agent, const std::function<bool(const RecordingEmit&)>& done) {
  for (int i = 1; i <= 1000; ++i) {
    if (done(agent.capture())) return i;
    REQUIRE((agent.failed.empty() || agent.failed.starts_with("still looking")));
  }
  return -1;
}

}  // namespace

TEST_CASE("the queue of a key is what is between namespace and suffix", "[dramatiq]") {
  using dramatiq::queue_of_key;
  CHECK(queue_of_key("dramatiq:default.msgs", "dramatiq") == "default");
  CHECK(queue_of_key("dramatiq:default.DQ.msgs", "dramatiq") == "default.DQ");
  CHECK(queue_of_key("dramatiq:a:b.msgs.msgs", "dramatiq") == "a:b.msgs");
  CHECK_FALSE(queue_of_key("dramatiq:.msgs", "dramatiq"));
  CHECK_FALSE(queue_of_key("dramatiq.msgs", "dramatiq"));
  CHECK_FALSE(queue_of_key("dramatiq:default", "dramatiq"));
  CHECK_FALSE(queue_of_key("dramatiqx:default.msgs", "dramatiq"));
  CHECK_FALSE(queue_of_key("", "dramatiq"));
}

TEST_CASE("what globs mean by a character of the namespace is escaped", "[dramatiq]") {
  CHECK(dramatiq::key_pattern("dramatiq") == "dramatiq:*.msgs");
  CHECK(dramatiq::key_pattern("a*b?[c]\\") == "a\\*b\\?\\[c\\]\\\\:*.msgs");
}

TEST_CASE("a Redis of its own is used instead of the shared one", "[dramatiq]") {
  const RedisServer shared, own;
  shared.run({"HSET", "dramatiq:shared.msgs", "1", "{}"});
  own.run({"HSET", "dramatiq:own.msgs", "1", "{}"});
  const FakeClock clock;
  CHECK(Agent(at(own), clock, shared.target()).capture().lines ==
        std::vector<std::string>{"dramatiq.queue_size queue:own = 1"});
  CHECK(Agent({}, clock, shared.target()).capture().lines ==
        std::vector<std::string>{"dramatiq.queue_size queue:shared = 1"});
}

TEST_CASE("another database of the shared Redis needs no more than its number", "[dramatiq]") {
  const RedisServer redis;
  redis.run({"HSET", "dramatiq:q.msgs", "1", "{}"});
  redis.run({"MOVE", "dramatiq:q.msgs", "3"});
  const FakeClock clock;
  CHECK(Agent({"SCOPS_DRAMATIQ_DATABASE=3"}, clock, redis.target()).capture().lines.size() == 1);
  RedisTarget third = redis.target();
  third.database = 3;
  CHECK(Agent({}, clock, third).capture().lines.size() == 1);
  CHECK(Agent({"SCOPS_DRAMATIQ_DATABASE=0"}, clock, third).capture().lines.empty());
}

TEST_CASE("a password for another Redis without its place is refused by name", "[dramatiq]") {
  const FakeClock clock;
  const Agent agent({"SCOPS_DRAMATIQ_PASSWORD=0123456789"}, clock);
  CHECK(agent.refusal.kind == ErrorKind::refused);
  CHECK(agent.refusal.text.find("dramatiq.host") != std::string::npos);
  CHECK(agent.refusal.text.find("0123456789") == std::string::npos);
}

TEST_CASE("the shared Redis's password is not told to another one", "[dramatiq]") {
  const RedisServer own;
  own.run({"HSET", "dramatiq:q.msgs", "1", "{}"});
  const FakeClock clock;
  RedisTarget shared;
  shared.password = "0123456789";  // the other one would refuse it
  CHECK(Agent(at(own), clock, shared).capture().lines.size() == 1);
}

TEST_CASE("TLS that is not verified is warned about", "[dramatiq]") {
  const FakeClock clock;
  const CapturedLog log;
  const Agent agent({"SCOPS_DRAMATIQ_HOST=q", "SCOPS_DRAMATIQ_TLS=true", "SCOPS_DRAMATIQ_TLS_VERIFY=false"},
                    clock);
  CHECK(CapturedLog::count("dramatiq.tls_verify") == 1);
}

TEST_CASE("keys with names that are no text, or too long, are left out alone", "[dramatiq]") {
  const RedisServer redis;
  redis.run({"HSET", "dramatiq:good.msgs", "1", "{}"});
  redis.run({"HSET", "dramatiq:\xff\xfe.msgs", "1", "{}"});
  redis.run({"HSET", "dramatiq:two\nlines.msgs", "1", "{}"});
  redis.run({"HSET", "dramatiq:" + std::string(600, 'x') + ".msgs", "1", "{}"});
  redis.run({"HSET", "dramatiq:gr\xc3\xbc\xc3\x9f.msgs", "1", "{}"});
  const FakeClock clock;
  Agent agent(at(redis), clock);
  const RecordingEmit emit = agent.capture();
  CHECK(emit.lines == std::vector<std::string>{"dramatiq.queue_size queue:good = 1",
                                               "dramatiq.queue_size queue:gr\xc3\xbc\xc3\x9f = 1"});
  REQUIRE(emit.troubles.size() == 1);
  CHECK(emit.troubles[0].error.text.starts_with("3 left out, the first: 'dramatiq:"));
}

TEST_CASE("more queues than queues_max are counted, not kept", "[dramatiq]") {
  const RedisServer redis;
  for (int i = 0; i < 20; ++i) redis.run({"HSET", fmt::format("dramatiq:q{}.msgs", i), "1", "{}"});
  const FakeClock clock;
  Agent agent(environment(at(redis), {"SCOPS_DRAMATIQ_QUEUES_MAX=5"}), clock);
  for (int i = 0; i < 3; ++i) {
    const RecordingEmit emit = agent.capture();
    CHECK(emit.lines.size() == 5);
    REQUIRE(emit.troubles.size() == 1);
    CHECK(emit.troubles[0].error.text.starts_with("15 left out"));
  }
}

TEST_CASE("an emptied queue is sent once as 0, and found again when it is filled", "[dramatiq]") {
  const RedisServer redis;
  redis.run({"HSET", "dramatiq:q.msgs", "1", "{}"});
  const FakeClock clock;
  Agent agent(at(redis), clock);
  CHECK(agent.capture().lines == std::vector<std::string>{"dramatiq.queue_size queue:q = 1"});
  redis.run({"HDEL", "dramatiq:q.msgs", "1"});
  CHECK(agent.capture().lines == std::vector<std::string>{"dramatiq.queue_size queue:q = 0"});
  CHECK(agent.capture().lines.empty());
  CHECK(agent.failed.find("no messages under dramatiq:*.msgs") != std::string::npos);
  redis.run({"HSET", "dramatiq:q.msgs", "1", "{}", "2", "{}"});
  CHECK(agent.capture().lines == std::vector<std::string>{"dramatiq.queue_size queue:q = 2"});
}

TEST_CASE("a scan beyond its budget goes on at the next capture, and each queue is sent once", "[dramatiq]") {
  const RedisServer redis({.arguments = {"--enable-debug-command", "yes"}});
  redis.run({"DEBUG", "POPULATE", "20000"});
  for (int i = 0; i < 40; ++i) redis.run({"HSET", fmt::format("dramatiq:q{:02}.msgs", i), "1", "{}"});
  const BusyClock clock(1);
  Agent agent(environment(at(redis), {"SCOPS_DRAMATIQ_SCAN_BUDGET=20ms", "SCOPS_DRAMATIQ_SCAN_COUNT=100"}),
              clock);
  CHECK(agent.capture().lines.size() < 40);
  CHECK((agent.failed.empty() || agent.failed.starts_with("still looking")));
  std::size_t before = 0;
  const int captures = captures_until(agent, [&before](const RecordingEmit& emit) {
    CHECK(std::adjacent_find(emit.lines.begin(), emit.lines.end()) == emit.lines.end());
    CHECK(emit.lines.size() >= before);  // what is known is sent meanwhile
    before = emit.lines.size();
    return before == 40;
  });
  CHECK(captures > 2);
}

TEST_CASE("a queue that is gone is 0 until a whole scan has missed it", "[dramatiq]") {
  const RedisServer redis({.arguments = {"--enable-debug-command", "yes"}});
  redis.run({"DEBUG", "POPULATE", "20000"});
  redis.run({"HSET", "dramatiq:a.msgs", "1", "{}"});
  redis.run({"HSET", "dramatiq:b.msgs", "1", "{}"});
  BusyClock clock(1);
  Agent agent(environment(at(redis), {"SCOPS_DRAMATIQ_SCAN_BUDGET=20ms", "SCOPS_DRAMATIQ_SCAN_COUNT=100"}),
              clock);
  captures_until(agent, [](const RecordingEmit& emit) { return emit.lines.size() == 2; });
  redis.run({"DEL", "dramatiq:a.msgs"});
  CHECK(agent.capture().lines.front() == "dramatiq.queue_size queue:a = 0");
  const int captures = captures_until(agent, [&clock](const RecordingEmit& emit) {
    clock.advance(30'000);
    return emit.lines == std::vector<std::string>{"dramatiq.queue_size queue:b = 1"};
  });
  CHECK(captures > 1);
}

TEST_CASE("after a scan that took long the next one waits, and sizes are sent all the same", "[dramatiq]") {
  const RedisServer redis;
  redis.run({"HSET", "dramatiq:a.msgs", "1", "{}"});
  BusyClock clock(100);  // a look at the clock is 0.1 s
  Agent agent(environment(at(redis), {"SCOPS_DRAMATIQ_SCAN_BUDGET=10s"}), clock);
  CHECK(agent.capture().lines.size() == 1);
  redis.run({"HSET", "dramatiq:b.msgs", "1", "{}"});
  redis.run({"HSET", "dramatiq:a.msgs", "2", "{}"});
  CHECK(agent.capture().lines == std::vector<std::string>{"dramatiq.queue_size queue:a = 2"});
  clock.advance(600'000);
  CHECK(agent.capture().lines.size() == 2);
}

TEST_CASE("a read-only replica will do", "[dramatiq]") {
  const RedisServer master;
  master.run({"HSET", "dramatiq:q.msgs", "1", "{}"});
  const RedisServer replica({.arguments = {"--replicaof", fmt::format("127.0.0.1 {}", master.port())}});
  const FakeClock clock;
  Agent agent(at(replica), clock);
  CHECK(test::eventually([&agent] { return agent.capture().lines.size() == 1; }));
}

TEST_CASE("a Redis that goes away fails the capture, and the queues are there again with it", "[dramatiq]") {
  RedisServer redis({.appendonly = true});
  redis.run({"HSET", "dramatiq:q.msgs", "1", "{}"});
  FakeClock clock;
  const CapturedLog log;
  Agent agent(at(redis), clock);
  CHECK(agent.capture().lines.size() == 1);
  redis.kill();
  CHECK(agent.capture().lines.empty());
  CHECK(agent.failed.find("SCOPS_DRAMATIQ_HOST") != std::string::npos);
  redis.start();
  clock.advance(60'000);
  CHECK(agent.capture().lines.size() == 1);
}

TEST_CASE("a user who may not SCAN is told what is needed", "[dramatiq]") {
  const RedisServer redis;
  redis.run({"ACL", "SETUSER", "board", "on", ">0123456789", "~*", "+info"});
  const FakeClock clock;
  Agent agent(environment(at(redis), {"SCOPS_DRAMATIQ_USER=board", "SCOPS_DRAMATIQ_PASSWORD=0123456789"}),
              clock);
  agent.capture();
  CHECK(agent.failed.find("+scan +hlen") != std::string::npos);
}

TEST_CASE("a user who may do no more than is needed is enough", "[dramatiq]") {
  const RedisServer redis;
  redis.run({"HSET", "dramatiq:q.msgs", "1", "{}"});
  redis.run({"ACL", "SETUSER", "board", "on", ">0123456789", "~dramatiq:*.msgs", "+scan", "+hlen"});
  const FakeClock clock;
  Agent agent(environment(at(redis), {"SCOPS_DRAMATIQ_USER=board", "SCOPS_DRAMATIQ_PASSWORD=0123456789"}),
              clock);
  CHECK(agent.capture().lines.size() == 1);
}

TEST_CASE("what answers SCAN in no way known is not believed", "[dramatiq]") {
  const std::vector<std::string> answers = {"+OK\r\n",
                                            "*0\r\n",
                                            "*2\r\n$3\r\nabc\r\n*0\r\n",
                                            "*2\r\n$1\r\n0\r\n$1\r\nx\r\n",
                                            "*2\r\n$25\r\n1111111111111111111111111\r\n*0\r\n",
                                            "$-1\r\n"};
  for (const std::string& answer : answers) {
    CAPTURE(answer);
    const test::FakePeer peer(
        [&answer](std::string_view, int turn) { return turn == 0 ? "$-1\r\n" : answer; });
    const FakeClock clock;
    Agent agent({"SCOPS_DRAMATIQ_HOST=127.0.0.1", "SCOPS_DRAMATIQ_PORT=" + std::to_string(peer.port())},
                clock);
    CHECK(agent.capture().lines.empty());
    CHECK(agent.failed.find("redis") != std::string::npos);
    CHECK(agent.failed.find("no messages") == std::string::npos);
  }
}

TEST_CASE("a scan without an end ends with its budget", "[dramatiq]") {
  const test::FakePeer peer(
      [](std::string_view, int turn) { return turn == 0 ? "$-1\r\n" : "*2\r\n$1\r\n7\r\n*0\r\n"; });
  const BusyClock clock(1);
  Agent agent({"SCOPS_DRAMATIQ_HOST=127.0.0.1", "SCOPS_DRAMATIQ_PORT=" + std::to_string(peer.port()),
               "SCOPS_DRAMATIQ_SCAN_BUDGET=50ms"},
              clock);
  for (int i = 0; i < 3; ++i) CHECK(agent.capture().lines.empty());
  CHECK(agent.failed.find("still looking") != std::string::npos);
}
