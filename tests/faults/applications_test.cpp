// Applications that report through a Redis in trouble: what it has confirmed to them is aggregated, and once.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "core/model/text.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/applications.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/own_numbers.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view metric_name = "app.events";

Environment board(const HttpSink& sink, const RedisServer& redis, const std::string& buffer,
                  const TempDir& state) {
  return {{"API_KEY", "0123456789abcdef"},     {"DATADOG_URL", sink.url()},
          {"REDIS_HOST", "127.0.0.1"},         {"REDIS_PORT", std::to_string(redis.port())},
          {"SCOPS_REDIS_TIMEOUT", "500ms"},    {"CHOUETTE_STORAGE_TYPE", buffer},
          {"SCOPS_AGENT_STATE", state.path()}, {"SCOPS_HTTP_LISTEN", "127.0.0.1:0"},
          {"COLLECTOR_PLUGINS", "[]"},         {"AGGREGATE_INTERVAL", "1"},
          {"RELEASE_INTERVAL", "1"},           {"SEND_SELF_METRICS", "false"},
          {"SCOPS_DISPATCH_RATE_MAX", "20"}};
}

// How often each record was counted, by its number. A request that comes again has the same points.
class Counted {
 public:
  explicit Counted(const HttpSink& sink) : sink_(sink) {}

  const std::map<int, double>& records() {
    const auto requests = sink_.requests();
    for (; seen_ < requests.size(); ++seen_) {
      for (const SentPoint& point : points_of(requests[seen_])) {
        if (point.id.metric != metric_name || !points_.insert(point.id).second) continue;
        records_[std::stoi(point.id.tags.substr(point.id.tags.find("n:") + 2))] += point.value;
      }
    }
    return records_;
  }
  bool has(const std::vector<int>& numbers) {
    const auto& all = records();
    return std::all_of(numbers.begin(), numbers.end(), [&](int number) { return all.count(number) > 0; });
  }

 private:
  const HttpSink& sink_;
  std::size_t seen_ = 0;
  std::set<PointId> points_;
  std::map<int, double> records_;
};

enum class Trouble { killed, silent, cut_off };

void cause(Trouble trouble, RedisServer& redis, std::mt19937& random) {
  const milliseconds length(random() % 1500);
  if (trouble == Trouble::killed) {
    redis.kill();
    std::this_thread::sleep_for(length);
    redis.start();
  } else if (trouble == Trouble::silent) {
    redis.pause();
    std::this_thread::sleep_for(length);
    redis.resume();
  } else {
    redis.run({"CLIENT", "KILL", "TYPE", "normal"});
  }
}

}  // namespace

TEST_CASE("whatever happens to the Redis, what applications were told is there counts, and once",
          "[redis][chouette]") {
  const std::string buffer = GENERATE(as<std::string>(), "redis", "embedded");
  const int tries = fault_tries(1, 60);
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed << ", buffer " << buffer);
  std::mt19937 random(seed);
  RedisServer redis({.appendonly = true});
  const TempDir state;
  HttpSink sink;
  Counted counted(sink);
  Applications applications(redis, std::string(metric_name), {.pause = milliseconds(10), .numbered = true});
  AgentProcess agent({.environment = board(sink, redis, buffer, state)});
  REQUIRE(eventually([&] { return !counted.records().empty(); }));
  for (int i = 0; i < tries; ++i) {
    cause(static_cast<Trouble>(random() % 3), redis, random);
    std::this_thread::sleep_for(milliseconds(random() % 700));
  }
  const int confirmed = applications.stop();
  const bool all_there = eventually([&] { return counted.has(applications.confirmed()); });
  INFO(agent.err());
  REQUIRE(all_there);
  // What has gone through the agent adds up, also where the answer to a commit was lost.
  REQUIRE(eventually([&] { return redis.run({"ZCARD", "chouette:metrics:raw.keys"}) == "0"; }));
  const auto adds_up = [&] {
    const auto taken = static_cast<double>(counted.records().size());
    return number_of(agent, "scops_chouette_records_total") == taken &&
           number_of(agent, "scops_pipeline_raw_samples_total") == taken;
  };
  CHECK(eventually(adds_up));
  CHECK(agent.stop() == 0);
  const std::set<int> unsure(applications.unsure().begin(), applications.unsure().end());
  std::size_t from_unsure = 0;
  for (const auto& [number, count] : counted.records()) {
    INFO("record " << number << " counted " << count << " times");
    CHECK(count == 1);
    from_unsure += unsure.count(number);
  }
  CHECK(counted.records().size() == static_cast<std::size_t>(confirmed) + from_unsure);
  record_fault(
      {.area = "Redis",
       .promise = "what an application was told is in the queue is counted, and once",
       .fault = fmt::format("killed and restarted from its AOF, silent, links cut; {} buffer", buffer),
       .tried = tries,
       .outcome = fmt::format("{} records confirmed, each counted once; {} of {} without an answer, too",
                              confirmed, from_unsure, unsure.size())});
}

}  // namespace scops::test
