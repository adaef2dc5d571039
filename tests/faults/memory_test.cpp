// The hard memory cap (agent.memory_max) under floods of what applications report.
#include "tests/faults/memory_cap.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/own_numbers.hpp"

namespace scops::test {
namespace {

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

// What went in came out as something: taken, or dropped with a reason.
void check_counts(const AgentProcess& agent, const Flood& flood, double sent) {
  const double drained = number_of(agent, "scops_chouette_records_total");
  CHECK(drained + number_so_far(agent, "scops_chouette_dropped_total") == sent);
  if (flood.queue != "metrics:raw") return;
  CHECK(number_of(agent, "scops_pipeline_raw_samples_total") +
            number_of(agent, "scops_pipeline_dropped_samples_total") >=
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
    return number_of(agent, "scops_chouette_records_total") +
               number_so_far(agent, "scops_chouette_dropped_total") >=
           static_cast<double>(count);
  };
  const bool all_counted = eventually(counted);
  INFO(agent.err());
  REQUIRE(all_counted);
  check_counts(agent, flood, static_cast<double>(count));
  sink.otherwise({.status = 202});
  REQUIRE(eventually([&] { return number_of(agent, "scops_dispatch_points_total") > 0; }));
  const int drain_more = fault_tries(0, 100);  // tenths of a second
  (void)eventually([&] { return number_of(agent, "scops_buffer_records") == 0; },
                   std::chrono::milliseconds(100 * drain_more));
  check_cap(agent, cap, highest);
  CHECK(agent.stop() == 0);
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

}  // namespace scops::test
