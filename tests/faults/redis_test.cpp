// A Redis that holds the buffer and the applications' queues, and everything that can happen to it. What the
// agent has collected arrives once, but for what a Redis threw away; schedules go on, and so does the rest.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/model/text.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/own_numbers.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/sent_points.hpp"

namespace scops::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

Environment board(const HttpSink& sink, std::uint16_t redis_port) {
  return {{"API_KEY", "0123456789abcdef"},
          {"DATADOG_URL", sink.url()},
          {"DATADOG_LOGS_URL", sink.url()},
          {"REDIS_HOST", "127.0.0.1"},
          {"REDIS_PORT", std::to_string(redis_port)},
          {"SCOPS_REDIS_TIMEOUT", "500ms"},
          {"SCOPS_HTTP_LISTEN", "127.0.0.1:0"},
          {"COLLECTOR_PLUGINS", R"(["host"])"},
          {"CAPTURE_INTERVAL", "1"},
          {"AGGREGATE_INTERVAL", "1"},
          {"RELEASE_INTERVAL", "1"},
          {"SEND_SELF_METRICS", "false"},
          {"SCOPS_DISPATCH_BACKOFF_MIN", "100ms"},
          {"SCOPS_DISPATCH_BACKOFF_MAX", "1s"},
          {"SCOPS_DISPATCH_RATE_MAX", "20"}};
}

// What the agent has taken from its collectors so far is at the intake.
bool all_arrives(const AgentProcess& agent, const HttpSink& sink, double lost = 0) {
  const double taken = number_of(agent, "scops_pipeline_samples_total") - lost;
  return taken > 0 &&
         eventually([&] { return static_cast<double>(counted(sink.requests()).size()) >= taken; });
}

std::string doubled(const HttpSink& sink) {
  std::string text;
  for (const auto& [point, count] : counted(sink.requests())) {
    if (count != 1) text += fmt::format("{} came {} times\n", to_string(point), count);
  }
  return text;
}

// Captures go on: two more since now.
bool goes_on(const AgentProcess& agent) {
  const double runs = number_of(agent, "scops_collect_runs_total");
  return eventually([&] { return number_of(agent, "scops_collect_runs_total") >= runs + 2; });
}

struct Trouble {
  std::string name;
  std::function<void(RedisServer&)> begin, end;
  bool loses = false;  // what lies in the Redis
};

// A script that never ends, from a client of its own.
void keep_busy(RedisServer& redis) {
  redis.run({"CONFIG", "SET", "lua-time-limit", "50"});
  const SystemClock clock;
  RedisTarget target = redis.target();
  target.timeout = milliseconds(200);
  RedisClient client(target, clock);
  CHECK_FALSE(client.command({"EVAL", "while true do end", "0"}));
}

void set(RedisServer& redis, std::string_view name, std::string_view value) {
  redis.run({"CONFIG", "SET", name, value});
}

void promote(RedisServer& redis) {
  const SystemClock clock;
  RedisTarget target = redis.target();
  target.only_reads = true;
  RedisClient client(target, clock);
  redis_run(client, {"REPLICAOF", "NO", "ONE"});
}

Trouble forbidden(const std::string& command) {
  return {fmt::format("a user that may not {}", command),
          [command](RedisServer& redis) {
            redis.run({"ACL", "SETUSER", "default", "-" + command});
          },
          [command](RedisServer& redis) {
            redis.run({"ACL", "SETUSER", "default", "+" + command});
          }};
}

std::vector<Trouble> troubles() {
  const auto nothing = [](RedisServer&) {};
  std::vector<Trouble> all = {
      {"killed, then restarted from its AOF", [](RedisServer& redis) { redis.kill(); },
       [](RedisServer& redis) { redis.start(); }},
      {"stopped in the middle of everything (SIGSTOP)", [](RedisServer& redis) { redis.pause(); },
       [](RedisServer& redis) { redis.resume(); }},
      {"at its memory limit", [](RedisServer& redis) { set(redis, "maxmemory", "1"); },
       [](RedisServer& redis) { set(redis, "maxmemory", "0"); }},
      {"unable to save (MISCONF)",
       [](RedisServer& redis) {
         std::filesystem::create_directory(redis.folder() + "/dump.rdb");
         set(redis, "save", "3600 1");
         redis.run({"BGSAVE"});
         CHECK(eventually([&] {
           return redis.run({"INFO", "persistence"}).find("rdb_last_bgsave_status:err") != std::string::npos;
         }));
       },
       [](RedisServer& redis) {
         set(redis, "save", "");
         std::filesystem::remove(redis.folder() + "/dump.rdb");
       }},
      {"made a replica that is read-only",
       [](RedisServer& redis) {
         redis.run({"REPLICAOF", "127.0.0.1", std::to_string(free_port())});
       },
       promote},
      {"without enough replicas to write",
       [](RedisServer& redis) { set(redis, "min-replicas-to-write", "1"); },
       [](RedisServer& redis) { set(redis, "min-replicas-to-write", "0"); }},
      {"busy with a script", keep_busy,
       [](RedisServer& redis) {
         redis.run({"SCRIPT", "KILL"});
       }},
      {"with its clients paused",
       [](RedisServer& redis) {
         redis.run({"CLIENT", "PAUSE", "1500"});
       },
       nothing},
      {"with its clients cut off",
       [](RedisServer& redis) {
         redis.run({"CLIENT", "KILL", "TYPE", "normal"});
       },
       nothing},
      {"another password than before",
       [](RedisServer& redis) {
         const SystemClock clock;
         RedisClient client(redis.target(), clock);
         redis_run(client, {"CONFIG", "SET", "requirepass", "changed"});
         redis_run(client, {"CLIENT", "KILL", "TYPE", "normal"});
       },
       [](RedisServer& redis) {
         const SystemClock clock;
         RedisTarget target = redis.target();
         target.password = "changed";
         RedisClient client(target, clock);
         redis_run(client, {"CONFIG", "SET", "requirepass", ""});
       }},
      {"emptied (FLUSHALL)", [](RedisServer& redis) { redis.run({"FLUSHALL"}); }, nothing, true},
      {"restarted empty",
       [](RedisServer& redis) {
         redis.kill();
         for (const auto& entry : std::filesystem::directory_iterator(redis.folder()))
           std::filesystem::remove_all(entry.path());
       },
       [](RedisServer& redis) { redis.start(); }, true},
      {"with something else under our keys",
       [](RedisServer& redis) {
         for (const std::string_view key : {"{scops:scops}:metrics", "{scops:scops}:size"}) {
           redis.run({"DEL", key});
           redis.run({"SET", key, "mine"});
         }
       },
       nothing, true},
      {"with its groups destroyed",
       [](RedisServer& redis) {
         redis.run({"XGROUP", "DESTROY", "{scops:scops}:metrics", "datadog"});
       },
       nothing},
  };
  for (const char* command : {"xadd", "xreadgroup", "xack", "xdel", "multi", "hincrby", "info"})
    all.push_back(forbidden(command));
  return all;
}

void cause(const Trouble& trouble, RedisServer& redis, const AgentProcess& agent) {
  INFO(trouble.name);
  trouble.begin(redis);
  CHECK(goes_on(agent));
  trouble.end(redis);
}

}  // namespace

TEST_CASE("whatever happens to the Redis, what was collected arrives once", "[redis]") {
  const std::vector<Trouble> all = troubles();
  const int tries = fault_tries(2, static_cast<int>(all.size()) * 3);
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  RedisServer redis({.appendonly = true, .arguments = {"--appendfsync", "always"}});
  HttpSink sink;
  AgentProcess agent({.environment = board(sink, redis.port())});
  REQUIRE(sink.wait_for(1, long_enough));
  for (int i = 0; i < tries; ++i) {
    const Trouble& trouble = tries < static_cast<int>(all.size())
                                 ? all[random() % all.size()]
                                 : all[static_cast<std::size_t>(i) % all.size()];
    INFO(trouble.name);
    // What lies in a Redis that loses it is nothing to be counted on: it should be empty then.
    if (trouble.loses) REQUIRE(eventually([&] { return number_of(agent, "scops_buffer_records") == 0; }));
    cause(trouble, redis, agent);
    const double lost = number_of(agent, "scops_buffer_dropped_records_total");
    INFO(agent.err());
    REQUIRE(all_arrives(agent, sink, trouble.loses ? lost : 0));
    if (!trouble.loses) CHECK(lost == number_of(agent, "scops_buffer_dropped_records_total"));
    REQUIRE(eventually([&] { return number_of(agent, "scops_buffer_durable") == 1; }));
  }
  CHECK(agent.stop() == 0);
  INFO(agent.err());
  CHECK(doubled(sink).empty());
  record_fault(
      {.area = "Redis",
       .promise = "what was collected is held, arrives, and arrives once",
       .fault = "killed, stopped, full, read-only, busy, paused, emptied, foreign keys, commands forbidden",
       .tried = tries,
       .outcome = fmt::format("{} points arrived, none twice", counted(sink.requests()).size())});
}

TEST_CASE("what waited in a Redis that comes back empty is counted and said", "[redis]") {
  RedisServer redis;
  HttpSink sink;
  sink.otherwise({.status = 503});
  AgentProcess agent({.environment = board(sink, redis.port())});
  REQUIRE(eventually([&] { return number_of(agent, "scops_buffer_records") > 0; }));
  redis.run({"FLUSHALL"});
  REQUIRE(agent.wait_for_err("event=blocks_vanished"));
  sink.otherwise({});
  const std::size_t before = sink.requests().size();
  REQUIRE(sink.wait_for(before + 3, long_enough));
  CHECK(number_of(agent, "scops_buffer_dropped_records_total", "vanished") > 0);
  CHECK(agent.stop() == 0);
}

TEST_CASE("what a Redis that comes back as it was before has lost is counted and said", "[redis]") {
  const int tries = fault_tries(1, 10);
  for (int i = 0; i < tries; ++i) {
    RedisServer redis({.appendonly = true});
    const std::string live = redis.folder() + "/appendonlydir";
    const TempDir aside;
    HttpSink sink;
    sink.otherwise({.status = 503});
    AgentProcess agent({.environment = board(sink, redis.port())});
    const auto waiting = [&](double more) {
      const double before = number_of(agent, "scops_buffer_records");
      REQUIRE(eventually([&] { return number_of(agent, "scops_buffer_records") > before + more; }));
    };
    waiting(0);
    redis.pause();
    std::filesystem::copy(live, aside / "copy", std::filesystem::copy_options::recursive);
    redis.resume();
    waiting(5);
    redis.kill();
    std::filesystem::remove_all(live);
    std::filesystem::copy(aside / "copy", live, std::filesystem::copy_options::recursive);
    redis.start();
    REQUIRE(agent.wait_for_err("event=blocks_vanished"));
    sink.otherwise({});
    CHECK(number_of(agent, "scops_buffer_dropped_records_total", "vanished") > 0);
    CHECK(eventually([&] { return number_of(agent, "scops_buffer_records") == 0; }));
    CHECK(agent.stop() == 0);
  }
  record_fault({.area = "Redis",
                .promise = "what a Redis loses is counted and said, and all else arrives",
                .fault = "restarted from a copy of some seconds ago, as a replica that was behind",
                .tried = tries,
                .outcome = "each lost record counted as vanished"});
}

TEST_CASE("a Redis that may evict what waits in it is said at the start", "[redis]") {
  const RedisServer redis({.arguments = {"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"}});
  const HttpSink sink;
  const AgentProcess agent({.environment = board(sink, redis.port())});
  CHECK(agent.wait_for_err("event=redis_may_evict"));
}

TEST_CASE("a replica that takes over has what had reached it, and the agent finds it", "[redis]") {
  RedisServer master;
  const RedisServer replica({.arguments = {"--replicaof", "127.0.0.1", std::to_string(master.port()),
                                           "--repl-diskless-sync-delay", "0"}});
  REQUIRE(eventually([&] {
    return master.run({"INFO", "replication"}).find("state=online") != std::string::npos;
  }));
  const RedisServer sentinel(
      {.config = fmt::format("sentinel monitor board 127.0.0.1 {} 1\nsentinel down-after-milliseconds board "
                             "300\nsentinel failover-timeout board 2000\n",
                             master.port()),
       .arguments = {"--sentinel"}});
  HttpSink sink;
  AgentProcess agent(
      {.environment = with(board(sink, master.port()),
                           {{"SCOPS_REDIS_SENTINELS", fmt::format(R"(["127.0.0.1:{}"])", sentinel.port())},
                            {"SCOPS_REDIS_SENTINEL_MASTER", "board"}})});
  REQUIRE(sink.wait_for(2, long_enough));
  const std::string wanted = std::to_string(replica.port());
  REQUIRE(eventually([&] {
    return sentinel.run({"SENTINEL", "replicas", "board"}).find(wanted) != std::string::npos;
  }));
  master.kill();
  REQUIRE(goes_on(agent));
  REQUIRE(eventually([&] {
    return sentinel.run({"SENTINEL", "get-master-addr-by-name", "board"}).find(wanted) != std::string::npos;
  }));
  REQUIRE(all_arrives(agent, sink));
  CHECK(agent.stop() == 0);
  record_fault({.area = "Redis",
                .promise = "what was collected is held, arrives, and arrives once",
                .fault = "the master is killed, Sentinel makes its replica master",
                .tried = 1,
                .outcome = fmt::format("{} points arrived, {} of them twice", counted(sink.requests()).size(),
                                       count_of(doubled(sink), "came"))});
}

TEST_CASE("the agent stops within 5 s in whatever state its Redis is", "[redis]") {
  const std::vector<Trouble> all = troubles();
  const int tries = fault_tries(2, static_cast<int>(all.size()));
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  milliseconds longest{0};
  for (int i = 0; i < tries; ++i) {
    const auto& trouble =
        tries < static_cast<int>(all.size()) ? all[random() % all.size()] : all[static_cast<std::size_t>(i)];
    INFO(trouble.name);
    RedisServer redis({.appendonly = true});
    HttpSink sink;
    AgentProcess agent({.environment = with(board(sink, redis.port()), {{"SCOPS_REDIS_TIMEOUT", "2s"}})});
    REQUIRE(sink.wait_for(1, long_enough));
    trouble.begin(redis);
    REQUIRE(goes_on(agent));
    const auto before = steady_clock::now();
    CHECK(agent.stop() == 0);
    longest = std::max(longest, std::chrono::duration_cast<milliseconds>(steady_clock::now() - before));
    CHECK(longest < seconds(5));
    if (trouble.name.find("SIGSTOP") != std::string::npos) redis.resume();
  }
  record_fault(
      {.area = "Redis",
       .promise = "SIGTERM ends the agent within 5 s",
       .fault = "a Redis that is gone, silent, full, read-only, busy, forbidden...",
       .tried = tries,
       .outcome = fmt::format("{:.1f} s at the longest", static_cast<double>(longest.count()) / 1000)});
}

}  // namespace scops::test
