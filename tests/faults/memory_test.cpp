// The hard memory cap (agent.memory_max) under floods of everything that comes from outside. The kernel's own
// high-water mark of the process, VmHWM, says what it was at most: nothing is sampled and missed.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/io/block_codec.hpp"
#include "core/model/text.hpp"
#include "core/runtime/clock.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/redis_server.hpp"
#include "transport/buffer/buffer.hpp"

namespace scops::test {
namespace {

// Sanitizers take several times the memory: under them only what is counted is looked at.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool measured = false;
#else
constexpr bool measured = true;
#endif

// The line of /proc/PID/status, in MiB.
double mebibytes(const AgentProcess& agent, std::string_view line) {
  for (const std::string& text : lines_of(agent.proc("status"))) {
    if (!text.starts_with(line)) continue;
    std::string_view rest(text);
    next_word(rest);
    return static_cast<double>(to_uint(next_word(rest)).value_or(0)) / 1024;
  }
  return 0;
}

// A value of the agent's /metrics, all its labels summed up.
double metric(const AgentProcess& agent, std::string_view name) {
  double sum = 0;
  for (const std::string& line : lines_of(agent.page("/metrics").body)) {
    if (!line.starts_with(name)) continue;
    const std::size_t space = line.rfind(' ');
    sum += to_number(std::string_view(line).substr(space + 1)).value_or(0);
  }
  return sum;
}

// With patience for a script that takes long on a busy machine.
std::string run_patiently(const RedisServer& redis, std::initializer_list<std::string_view> arguments) {
  const SystemClock clock;
  RedisTarget target = redis.target();
  target.timeout = long_enough;
  RedisClient client(target, clock);
  return redis_run(client, arguments);
}

// Fills a queue inside the server: `record` is a Lua expression of the number `i`.
void fill(const RedisServer& redis, std::string_view queue, std::size_t count, std::string_view record) {
  const std::string score = fmt::format("{}", static_cast<double>(SystemClock().wall()) / 1000 - 2);
  const std::string script = fmt::format(
      "for i = ARGV[1], ARGV[2] do local id = string.format('%08x-aaaa-4bbb-8ccc-%012x', i * 7, i) "
      "redis.call('ZADD', 'chouette:{0}.keys', ARGV[3], id) "
      "redis.call('HSET', 'chouette:{0}.values', id, {1}) end",
      queue, record);
  constexpr std::size_t at_once = 10'000;
  for (std::size_t i = 0; i < count; i += at_once) {
    (void)run_patiently(redis, {"EVAL", script, "0", std::to_string(i),
                                std::to_string(std::min(count, i + at_once) - 1), score});
  }
}

// `record` is a Lua expression of the number i and of ARGV[3], the time.
struct Flood {
  std::string_view name;
  std::string_view queue;
  std::string_view record;
  int few;
  int many;
};

constexpr Flood floods[] = {
    {"distinct series", "metrics:raw",
     R"('{"metric":"app.'..i..'","type":"gauge","value":'..i..',"tags":["device:'..i..'"]}')", 30'000,
     1'000'000},
    {"records of long names and tags", "metrics:raw",
     R"('{"metric":"'..i..string.rep('n',1000)..'","type":"count","value":1,"tags":["'..i..string.rep('t',180))"
     R"(..'","a'..i..string.rep('u',180)..'"]}')",
     10'000, 200'000},
    {"records of 5,000 histograms", "metrics:raw",
     R"('{"metric":"app.h'..(i%5000)..'","type":"histogram","value":'..i..'}')", 20'000, 1'000'000},
    {"members of 3,000 sets", "metrics:raw",
     R"('{"metric":"app.s'..(i%3000)..'","type":"set","value":["'..i..'","b'..i..'","c'..i..'"]}')", 20'000,
     1'000'000},
    {"records with 5,001 tags", "metrics:raw",
     R"('{"metric":"app.t","type":"count","value":1,"tags":["k:'..i..'"'..string.rep(',"some:tag"',5000)..']}')",
     100, 5'000},
    {"wrapped points of distinct series", "metrics:wrapped",
     R"('{"metric":"'..i..string.rep('n',150)..'","type":"gauge","points":[['..ARGV[3]..','..i..']],"tags":["'..i..)"
     R"(string.rep('t',180)..'","a'..i..string.rep('u',180)..'"]}')",
     10'000, 200'000},
    {"logs of 5 kB", "logs:wrapped",
     R"('{"message":"'..i..string.rep('words of a log line ',250)..'","level":"info"}')", 2'000, 100'000},
    {"logs of 900 kB", "logs:wrapped", R"('{"message":"'..i..string.rep(i..'many words ',60000)..'"}')", 20,
     600},
};

struct Cap {
  std::string text;
  double mebibytes;
};

const std::vector<Cap>& caps() {
  static const std::vector<Cap> all = {{measured ? "32MiB" : "0", 32}, {measured ? "64MiB" : "0", 64}};
  return all;
}

Environment environment(const HttpSink& sink, const RedisServer& redis, std::string_view buffer,
                        const Cap& cap) {
  return {{"API_KEY", "0123456789abcdef"},
          {"DATADOG_URL", sink.url() + "/api"},
          {"DATADOG_LOGS_URL", sink.url()},
          {"HOST", "owl-1"},
          {"REDIS_HOST", "127.0.0.1"},
          {"REDIS_PORT", std::to_string(redis.port())},
          {"CHOUETTE_STORAGE_TYPE", std::string(buffer)},
          {"COLLECTOR_PLUGINS", R"(["host"])"},
          {"AGGREGATE_INTERVAL", "1"},
          {"CAPTURE_INTERVAL", "1"},
          {"RELEASE_INTERVAL", "1"},
          {"SEND_SELF_METRICS", "false"},
          {"SCOPS_DISPATCH_RATE_MAX", "50"},
          {"SCOPS_DISPATCH_BACKOFF_MAX", "1s"},
          {"SCOPS_HTTP_LISTEN", fmt::format("127.0.0.1:{}", free_port())},
          {"SCOPS_AGENT_MEMORY_MAX", cap.text}};
}

void check_cap(const AgentProcess& agent, const Cap& cap, double& highest) {
  const double most = mebibytes(agent, "VmHWM");
  INFO(agent.err());
  REQUIRE(most > 0);
  highest = std::max(highest, most / cap.mebibytes);
  if (measured) CHECK(most <= cap.mebibytes * 1.1);
}

// What went in came out as something: taken, or dropped with a reason.
void check_counts(const AgentProcess& agent, const Flood& flood, double sent) {
  const double drained = metric(agent, "scops_chouette_records_total");
  CHECK(drained + metric(agent, "scops_chouette_dropped_total") == sent);
  if (flood.queue != "metrics:raw") return;
  CHECK(metric(agent, "scops_pipeline_raw_samples_total") +
            metric(agent, "scops_pipeline_dropped_samples_total") >=
        drained);
}

// One flood: all of it is there when the agent starts, and the intake is down until it has been drained.
void try_flood(const Flood& flood, std::string_view buffer, const Cap& cap, double& highest) {
  INFO(flood.name << ", " << buffer << ", " << cap.text);
  const auto count = static_cast<std::size_t>(fault_tries(flood.few, flood.many));
  HttpSink sink;
  sink.otherwise({.status = 503});
  RedisServer redis;
  fill(redis, flood.queue, count, flood.record);
  AgentProcess agent({.environment = environment(sink, redis, buffer, cap)});
  const std::string keys = fmt::format("chouette:{}.keys", flood.queue);
  REQUIRE(eventually([&] { return run_patiently(redis, {"ZCARD", keys}) == "0"; }, long_enough * 5));
  const auto counted = [&] {
    return metric(agent, "scops_chouette_records_total") + metric(agent, "scops_chouette_dropped_total") >=
           static_cast<double>(count);
  };
  const bool all_counted = eventually(counted);
  INFO(agent.err());
  REQUIRE(all_counted);
  check_counts(agent, flood, static_cast<double>(count));
  sink.otherwise({.status = 202});
  REQUIRE(eventually([&] { return metric(agent, "scops_dispatch_points_total") > 0; }));
  const int drain_more = fault_tries(0, 100);  // tenths of a second
  (void)eventually([&] { return metric(agent, "scops_buffer_records") == 0; },
                   std::chrono::milliseconds(100 * drain_more));
  check_cap(agent, cap, highest);
  CHECK(agent.stop() == 0);
}

// What an agent has left behind that was offline for long: `count` blocks of one sample.
void make_backlog(const std::string& folder, std::size_t count) {
  Stats stats;
  const SystemClock clock;
  BufferSettings settings;
  settings.type = "embedded";
  settings.metric_ttl = settings.log_ttl = std::chrono::hours(24);
  settings.bytes_max.count = settings.memory_max.count = 1U << 30U;
  settings.hold = std::chrono::hours(1);
  auto buffer =
      open_buffer(settings, {.folder = folder, .outputs = {"datadog"}, .clock = &clock, .stats = &stats});
  REQUIRE(buffer);
  const TimeMs now = clock.wall();
  const std::vector<Series> series = {{.name = "late", .tags = {}, .type = MetricType::gauge}};
  // Held first and moved in one commit: a commit a block would take minutes.
  for (std::size_t i = 0; i < count; ++i) {
    const std::vector<Sample> sample = {{.series = 0, .time = now - static_cast<TimeMs>(i), .value = 1}};
    REQUIRE((*buffer)->put(encode_block(series, sample)));
  }
}

// A MB of what an engine or a kubelet says that has more containers or pods than anybody. Repeated, it is a
// list that goes on and on.
std::string megabyte_of_a_list() {
  std::string body = "[";
  while (body.size() < 1U << 20U) {
    body += fmt::format(
        R"({{"Id":"{0:064x}","Names":["/{0}"],"Image":"i","State":"running","Labels":{{}}}},)", body.size());
  }
  return body;
}

}  // namespace

TEST_CASE("the memory cap is kept under floods of records, series, tags and logs, and all is counted") {
  const bool many = fault_tries(0, 1) == 1;
  double highest = 0;
  int tried = 0;
  for (const Flood& flood : floods) {
    const bool asked = many || flood.name == "distinct series" || flood.name == "logs of 900 kB";
    for (const Cap& cap : caps()) {
      for (const std::string_view buffer : {"embedded", "memory", "redis"}) {
        if (!asked || (!many && (cap.mebibytes > 32 || buffer != "embedded"))) continue;
        try_flood(flood, buffer, cap, highest);
        ++tried;
      }
    }
    record_fault({.area = "Bounds",
                  .promise = "the process never exceeds its memory cap by 10 %, and every record is counted",
                  .fault = fmt::format("{} {}, intake down, each buffer, caps of 32 and 64 MiB", flood.many,
                                       flood.name),
                  .tried = std::exchange(tried, 0),
                  .outcome = fmt::format("at most {:.0f} % of the cap", 100 * std::exchange(highest, 0))});
  }
}

TEST_CASE("the memory cap is kept when an engine, a kubelet and a Redis answer without end") {
  HttpSink intake;
  HttpSink kubelet;
  const int megabytes = fault_tries(12, 64);
  const std::string list = megabyte_of_a_list();
  kubelet.otherwise({.status = 200, .body = list, .times = megabytes});
  TempDir folder;
  const FakeEngine engine(folder / "docker.sock", [&](const std::string& target) {
    if (target.find("/containers/json") != std::string::npos)
      return FakeEngine::Answer{.body = list, .times = megabytes};
    return FakeEngine::Answer{.body = R"({"ApiVersion":"1.41","MinAPIVersion":"1.24"})"};
  });
  RedisServer redis;
  const int queues = fault_tries(20'000, 200'000);
  for (int i = 0; i < queues; i += 10'000) {
    (void)run_patiently(
        redis,
        {"EVAL", "for i = 1, 10000 do redis.call('HSET', 'dramatiq:'..ARGV[1]..i..'.msgs', 'a', 'b') end",
         "0", std::to_string(i)});
  }
  const Cap& cap = caps().front();
  Environment env = environment(intake, redis, "embedded", cap);
  env["COLLECTOR_PLUGINS"] = R"(["host","docker","k8s","dramatiq"])";
  env["SCOPS_DOCKER_SOCKET"] = folder / "docker.sock";
  env["SCOPS_K8S_HOST"] = "127.0.0.1";
  env["SCOPS_K8S_PORT"] = std::to_string(kubelet.port());
  env["SCOPS_K8S_TLS"] = "false";
  const AgentProcess agent({.environment = env});
  const double captures = fault_tries(2, 30);
  REQUIRE(eventually(
      [&] {
        const auto runs = [&](const char* name) {
          return metric(agent, fmt::format("scops_collect_runs_total{{collector=\"{}\"}}", name));
        };
        return std::min({runs("docker"), runs("k8s"), runs("dramatiq")}) >= captures;
      },
      long_enough * 5));
  double highest = 0;
  check_cap(agent, cap, highest);
  record_fault({.area = "Bounds",
                .promise = "no answer of a peer brings the process over its memory cap",
                .fault = "64 MB of containers and of pods, 200,000 queues of Dramatiq, again and again",
                .tried = static_cast<int>(captures),
                .outcome = fmt::format("at most {:.0f} % of 32 MiB", 100 * highest)});
}

TEST_CASE("the memory cap is kept with a backlog of very many small blocks") {
  const auto blocks = static_cast<std::size_t>(fault_tries(20'000, 200'000));
  HttpSink sink;
  RedisServer redis;
  TempDir state;
  const Cap& cap = caps().front();
  Environment env = environment(sink, redis, "embedded", cap);
  env["SCOPS_AGENT_STATE"] = state.path();
  env["SCOPS_BUFFER_BYTES_MAX"] = "1GiB";
  make_backlog(state.path(), blocks);
  const AgentProcess agent({.environment = env});
  REQUIRE(
      eventually([&] { return metric(agent, "scops_dispatch_points_total") >= static_cast<double>(blocks); },
                 long_enough * 5));
  double highest = 0;
  check_cap(agent, cap, highest);
  record_fault({.area = "Bounds",
                .promise = "a backlog is read in parts, and kept in little memory",
                .fault = fmt::format("{} blocks wait in the embedded buffer at the start", blocks),
                .tried = 1,
                .outcome = fmt::format("all sent, at most {:.0f} % of 32 MiB", 100 * highest)});
}

// Its own thread looks at thousands of queues in another Redis meanwhile, each second.
TEST_CASE("the memory cap is kept while the buffer's Redis is away for long, and what gives way is counted") {
  const bool many = fault_tries(0, 1) == 1;
  constexpr int queues = 6'000;
  HttpSink sink;
  sink.otherwise({.status = 503});
  RedisServer redis({.appendonly = true});
  const RedisServer other;
  (void)run_patiently(other, {"EVAL",
                              "for i = 1, tonumber(ARGV[1]) do "
                              "redis.call('HSET', 'dramatiq:queue-'..i..'.msgs', 'a', 'b') end",
                              "0", std::to_string(queues)});
  const Cap& cap = caps().front();
  Environment env = environment(sink, redis, "redis", cap);
  env["COLLECTOR_PLUGINS"] = R"(["host","dramatiq"])";
  env["SCOPS_DRAMATIQ_HOST"] = "127.0.0.1";
  env["SCOPS_DRAMATIQ_PORT"] = std::to_string(other.port());
  env["SCOPS_DRAMATIQ_QUEUES_MAX"] = "100000";
  env["SCOPS_BUFFER_MEMORY_MAX"] = many ? "256KiB" : "64KiB";
  const double held_max = many ? 256U << 10U : 64U << 10U;
  AgentProcess agent({.environment = env});
  REQUIRE(eventually([&] { return metric(agent, "scops_buffer_records") > 0; }));
  redis.kill();
  const double stored = metric(agent, "scops_buffer_bytes");  // still counts as there
  constexpr const char* given_way = "scops_buffer_dropped_records_total{reason=\"memory\"}";
  constexpr const char* at_cap = "scops_pipeline_dropped_samples_total{reason=\"memory_max\"}";
  double most_held = 0;
  double rounds = 0;  // of dropping
  double dropped = 0;
  const bool long_away = eventually(
      [&] {
        most_held = std::max(most_held, metric(agent, "scops_buffer_bytes"));
        const double now = metric(agent, given_way) + metric(agent, at_cap);
        rounds += now > dropped ? 1 : 0;
        dropped = now;
        return rounds >= (many ? 10 : 1);
      },
      long_enough * 5);
  INFO(agent.err());
  REQUIRE(long_away);
  if (measured) CHECK(most_held <= stored + held_max);
  sink.otherwise({.status = 202});
  redis.start();
  // Between two captures nothing waits, and what was taken has arrived or is counted.
  CHECK(eventually(
      [&] {
        return metric(agent, "scops_pipeline_samples_total") ==
               metric(agent, "scops_dispatch_points_total") +
                   metric(agent, "scops_buffer_dropped_records_total") +
                   metric(agent, "scops_pipeline_dropped_samples_total");
      },
      long_enough * 3));
  double highest = 0;
  check_cap(agent, cap, highest);
  CHECK(agent.stop() == 0);
  record_fault(
      {.area = "Bounds",
       .promise = "the process never exceeds its memory cap by 10 %, and every record is counted",
       .fault = "the buffer's Redis away until the memory for what waits was full ten times, 6000 samples a "
                "second",
       .tried = 1,
       .outcome = fmt::format("at most {:.0f} % of 32 MiB; {:.0f} records gave way, all others arrived",
                              100 * highest, dropped)});
}

}  // namespace scops::test
