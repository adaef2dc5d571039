// The hard memory cap (agent.memory_max) under what engines, a kubelet, a Redis and a backlog bring.
#include "core/io/block_codec.hpp"
#include "tests/faults/memory_cap.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/own_numbers.hpp"
#include "tests/support/temp_dir.hpp"
#include "transport/buffer/buffer.hpp"

namespace scops::test {
namespace {

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

void make_queues(const RedisServer& redis, int count) {
  (void)run_patiently(redis, {"EVAL",
                              "for i = 1, tonumber(ARGV[1]) do "
                              "redis.call('HSET', 'dramatiq:queue-'..i..'.msgs', 'a', 'b') end",
                              "0", std::to_string(count)});
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
  make_queues(redis, queues);
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
          return number_of(agent, "scops_collect_runs_total", fmt::format("collector=\"{}\"", name));
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
  REQUIRE(eventually(
      [&] { return number_of(agent, "scops_dispatch_points_total") >= static_cast<double>(blocks); },
      long_enough * 5));
  double highest = 0;
  check_cap(agent, cap, highest);
  record_fault({.area = "Bounds",
                .promise = "a backlog is read in parts, and kept in little memory",
                .fault = fmt::format("{} blocks wait in the embedded buffer at the start", blocks),
                .tried = 1,
                .outcome = fmt::format("all sent, at most {:.0f} % of 32 MiB", 100 * highest)});
}

TEST_CASE(
    "the memory cap is kept when a collector finds more series than fit, and what is left out is told") {
  constexpr int queues = 60'000;
  HttpSink sink;
  const RedisServer redis;
  make_queues(redis, queues);
  const Cap& cap = caps().front();
  Environment env = environment(sink, redis, "embedded", cap);
  env["COLLECTOR_PLUGINS"] = R"(["dramatiq"])";
  env["SCOPS_DRAMATIQ_QUEUES_MAX"] = "100000";
  env["SCOPS_PIPELINE_SERIES_MAX"] = "100000";
  const AgentProcess agent({.environment = env});
  const double captures = fault_tries(3, 60);
  REQUIRE(eventually(
      [&] { return number_of(agent, "scops_collect_runs_total", "collector=\"dramatiq\"") >= captures; },
      long_enough * 5));
  if (measured) CHECK(agent.wait_for_err("does not fit the memory, see SCOPS_AGENT_MEMORY_MAX"));
  double highest = 0;
  check_cap(agent, cap, highest);
  record_fault({.area = "Bounds",
                .promise = "the process never exceeds its memory cap by 10 %, and every record is counted",
                .fault = "60,000 queues of Dramatiq, all of which the options allow, again and again",
                .tried = static_cast<int>(captures),
                .outcome = fmt::format("at most {:.0f} % of 32 MiB", 100 * highest)});
}

// Its own thread looks at thousands of queues in another Redis meanwhile, each second.
TEST_CASE("the memory cap is kept while the buffer's Redis is away for long, and what gives way is counted") {
  const bool many = fault_tries(0, 1) == 1;
  constexpr int queues = 6'000;
  HttpSink sink;
  sink.otherwise({.status = 503});
  RedisServer redis({.appendonly = true});
  RedisServer other;
  make_queues(other, queues);
  const Cap& cap = caps().front();
  Environment env = environment(sink, redis, "redis", cap);
  env["COLLECTOR_PLUGINS"] = R"(["dramatiq"])";
  env["SCOPS_DRAMATIQ_HOST"] = "127.0.0.1";
  env["SCOPS_DRAMATIQ_PORT"] = std::to_string(other.port());
  env["SCOPS_DRAMATIQ_QUEUES_MAX"] = "100000";
  env["SCOPS_BUFFER_MEMORY_MAX"] = many ? "4MiB" : "64KiB";
  const double held_max = many ? 4U << 20U : 64U << 10U;
  AgentProcess agent({.environment = env});
  REQUIRE(eventually([&] { return number_of(agent, "scops_buffer_records") > 0; }));
  redis.kill();
  const double stored = number_of(agent, "scops_buffer_bytes");  // still counts as there
  double most_held = 0;
  double rounds = 0;  // of dropping
  double dropped = 0;
  const bool long_away = eventually(
      [&] {
        most_held = std::max(most_held, number_of(agent, "scops_buffer_bytes"));
        const double now = number_of(agent, "scops_buffer_dropped_records_total", "reason=\"memory\"") +
                           number_of(agent, "scops_pipeline_dropped_samples_total", "reason=\"memory_max\"");
        rounds += now > dropped ? 1 : 0;
        dropped = now;
        return rounds >= (many ? 3 : 1);
      },
      long_enough * (many ? 25 : 5));
  INFO(agent.err());
  REQUIRE(long_away);
  if (measured) CHECK(most_held <= stored + held_max);
  sink.otherwise({.status = 202});
  redis.start();
  other.kill();  // so that nothing is collected any more: what was taken has to arrive or to be counted
  CHECK(eventually(
      [&] {
        return number_of(agent, "scops_pipeline_samples_total") ==
               number_of(agent, "scops_dispatch_points_total") +
                   number_of(agent, "scops_buffer_dropped_records_total") +
                   number_of(agent, "scops_pipeline_dropped_samples_total");
      },
      long_enough * 3));
  double highest = 0;
  check_cap(agent, cap, highest);
  CHECK(agent.stop() == 0);
  record_fault(
      {.area = "Bounds",
       .promise = "the process never exceeds its memory cap by 10 %, and every record is counted",
       .fault =
           "the buffer's Redis away until the memory for what waits was full three times, 6000 samples a "
           "second",
       .tried = 1,
       .outcome = fmt::format("at most {:.0f} % of 32 MiB; {:.0f} records gave way, all others arrived",
                              100 * highest, dropped)});
}

}  // namespace scops::test
