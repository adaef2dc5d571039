// Wall clocks that are wrong: the real binary under libfaketime, whose time the test sets while it runs. Boot
// and monotonic time stay real, as on a board whose clock is set.
#include <fmt/format.h>
#include <glob.h>
#include <sys/timex.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "agent/version.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/own_numbers.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t hour = 3600;
constexpr std::int64_t year = 365 * 24 * hour;
constexpr std::int64_t slack = 1500;  // milliseconds that what is sent may lie apart from its true time

std::int64_t unix_ms() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

#ifdef SCOPS_SANITIZED
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

// Empty when it is not there.
std::string library() {
  glob_t found{};
  std::string path;
  if (::glob("/usr/lib/*/faketime/libfaketimeMT.so.1", 0, nullptr, &found) == 0) path = found.gl_pathv[0];
  ::globfree(&found);
  return path;
}

// False when clocks cannot be faked here: said loudly, and a failure in CI.
bool can_fake() {
  if (sanitized) {
    left_out("libfaketime does not go with sanitizers; tests/core/runtime/timeline_test.cpp does");
    return false;
  }
  if (!library().empty()) return true;
  not_tested("no libfaketime: install the package faketime");
  return false;
}

// Does the kernel of this machine vouch for its clock? Then the agent, rightly, dates less anew.
bool kernel_vouches() {
  timex state{};
  return ::adjtimex(&state) >= 0 && (static_cast<unsigned>(state.status) & STA_UNSYNC) == 0U;
}

// A board: its clock, its state folder, and the agent that runs on it, again and again.
class Board {
 public:
  Board() { set_clock(0); }

  // The board's wall clock is this many seconds beside the true time from now on.
  void set_clock(std::int64_t seconds) {
    offset_ = seconds;
    const std::string fresh = own_ / "time.new";
    std::ofstream(fresh) << fmt::format("{:+}", seconds);
    REQUIRE(std::rename(fresh.c_str(), (own_ / "time").c_str()) == 0);
  }
  void set_to_1970() { set_clock(60 - unix_ms() / 1000); }
  [[nodiscard]] std::int64_t wall_ms() const { return unix_ms() + 1000 * offset_; }

  AgentOptions options(const std::string& url) const {
    return {.environment = {{"API_KEY", "0123456789abcdef"},
                            {"DATADOG_URL", url},
                            {"SCOPS_AGENT_STATE", own_ / "state"},
                            {"SCOPS_HTTP_LISTEN", "127.0.0.1:0"},
                            {"SCOPS_PIPELINE_INCLUDE", R"(["*host.la"])"},
                            {"COLLECT_PLUGINS", ""},
                            {"CAPTURE_INTERVAL", "1"},
                            {"AGGREGATE_INTERVAL", "1"},
                            {"RELEASE_INTERVAL", "1"},
                            {"SCOPS_DISPATCH_BACKOFF_MIN", "100ms"},
                            {"SCOPS_DISPATCH_BACKOFF_MAX", "1s"},
                            {"SCOPS_DISPATCH_RATE_MAX", "20"},
                            {"LD_PRELOAD", library()},
                            {"FAKETIME_TIMESTAMP_FILE", own_ / "time"},
                            {"FAKETIME_NO_CACHE", "1"},
                            {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}}};
  }

 private:
  TempDir own_;
  std::int64_t offset_ = 0;
};

double dropped_of_age(const AgentProcess& agent) {
  return number_of(agent, "scops_buffer_dropped_records_total", R"(reason="age")");
}

// Captures whose samples are in the buffer: a later one has been made, and a flush follows each.
bool captured(const AgentProcess& agent, double more) {
  const auto runs = [&agent] { return number_of(agent, "scops_collect_runs_total", R"(collector="host")"); };
  const double before = runs();
  return eventually([&] { return runs() >= before + more + 1; });
}

std::set<std::int64_t> times_of(const std::vector<SentPoint>& points) {
  std::set<std::int64_t> times;
  for (const SentPoint& point : points) times.insert(point.id.time_ms);
  return times;
}

// A request whose answer was too late for a busy machine comes again as it was; that is no new point.
std::vector<SinkRequest> without_retries(std::vector<SinkRequest> requests) {
  std::set<std::string> seen;
  std::erase_if(requests, [&](const SinkRequest& request) { return !seen.insert(request.body).second; });
  return requests;
}

std::size_t repeated(const std::vector<SentPoint>& points) {
  std::set<PointId> seen;
  std::size_t count = 0;
  for (const SentPoint& point : points) count += seen.insert(point.id).second ? 0U : 1U;
  return count;
}

// Everything is there once nothing waits and something that was captured by the right clock has come.
bool all_arrived(const AgentProcess& agent, const HttpSink& sink) {
  const std::size_t before = sink.requests().size();
  return eventually(
      [&] { return sink.requests().size() > before + 1 && number_of(agent, "scops_buffer_blocks") <= 1; });
}

void check_times(const std::vector<SentPoint>& points, std::int64_t from, std::int64_t to) {
  for (const SentPoint& point : points) {
    INFO(to_string(point.id) << " " << from << " to " << to);
    CHECK(point.id.time_ms >= from - slack);
    CHECK(point.id.time_ms <= to + slack);
  }
}

}  // namespace

TEST_CASE("what was captured before the clock was set is dated right, also across a kill in 1970",
          "[faults][time]") {
  if (!can_fake()) return;
  const int tries = fault_tries(1, 20);
  std::size_t points = 0;
  for (int attempt = 0; attempt < tries; ++attempt) {
    HttpSink sink;
    Board board;
    board.set_to_1970();
    const std::int64_t began = unix_ms();
    {
      AgentProcess agent(board.options(sink.url()));
      const bool said = agent.wait_for_err("event=clock_not_set");
      INFO(agent.err());
      REQUIRE(said);
      REQUIRE(captured(agent, 2));
      const AgentProcess::Page ready = agent.page("/readyz");
      CHECK(ready.status == 503);
      CHECK(ready.body.find("waiting for the clock") != std::string::npos);
      CHECK(agent.page("/status").body.find(R"("clock":"not set")") != std::string::npos);
      CHECK(number_of(agent, "scops_buffer_oldest_age_seconds") < 60);
      agent.kill();
    }
    AgentProcess agent(board.options(sink.url()));
    REQUIRE(captured(agent, 1));
    CHECK(sink.requests().empty());  // nothing is sent from 1970
    board.set_clock(0);
    REQUIRE(all_arrived(agent, sink));
    CHECK(agent.err().find("event=clock_stepped") != std::string::npos);
    const auto sent = points_of(sink.requests());
    check_times(sent, began, unix_ms());
    CHECK(repeated(sent) == 0);
    CHECK(times_of(sent).size() >= 4);  // two of each life at least
    CHECK(dropped_of_age(agent) == 0);
    CHECK(agent.page("/readyz").status == 200);
    CHECK(agent.stop() == 0);
    points += sent.size();
  }
  record_fault({.area = "Time",
                .promise = "samples wait for the clock and get their true times",
                .fault = "boot in 1970, kill -9, restart within the boot, clock set",
                .tried = tries,
                .outcome = fmt::format("{} points, all dated right, none twice", points)});
}

TEST_CASE("an outage during which the clock steps to and fro loses no sample and dates none wrong",
          "[faults][time]") {
  if (!can_fake()) return;
  const std::vector<std::int64_t> all = {-5, 7200, 10 * year, -2 * hour, 3, -10, 30 * 24 * hour, -year / 365};
  const int steps = fault_tries(2, 60);
  HttpSink sink;
  sink.otherwise({.status = 503});
  Board board;
  const std::int64_t began = unix_ms();
  auto agent = std::make_unique<AgentProcess>(board.options(sink.url()));
  REQUIRE(captured(*agent, 1));
  std::size_t captures = 1;
  for (int step = 0; step < steps; ++step) {
    board.set_clock(all[static_cast<std::size_t>(step) % all.size()]);
    REQUIRE(captured(*agent, 1));
    ++captures;
    if (step % 3 != 0) continue;
    agent->kill();  // a restart within the boot, under another clock
    agent = std::make_unique<AgentProcess>(board.options(sink.url()));
    REQUIRE(captured(*agent, 1));
  }
  board.set_clock(0);
  REQUIRE(captured(*agent, 1));
  const std::size_t refused = sink.requests().size();
  sink.otherwise({});
  REQUIRE(all_arrived(*agent, sink));
  const std::vector<SinkRequest> requests = sink.requests();
  const auto after = requests.begin() + static_cast<std::ptrdiff_t>(refused);
  // One may still have been refused while the answers changed: then it came again.
  const auto sent = points_of(std::vector<SinkRequest>(after, requests.end()));
  CHECK(repeated(points_of(std::vector<SinkRequest>(after + 1, requests.end()))) == 0);
  CHECK(times_of(sent).size() >= captures);
  const bool vouched = kernel_vouches();
  if (vouched) WARN("not tried here, where the kernel vouches for its clock: whether all is dated right");
  if (!vouched) check_times(sent, began, unix_ms());
  CHECK(dropped_of_age(*agent) == 0);
  CHECK(agent->stop() == 0);
  record_fault(
      {.area = "Time",
       .promise = vouched ? "a step of the clock loses nothing"
                          : "a step of the clock loses nothing and dates nothing wrong",
       .fault = "steps by seconds, hours, years to and fro during an outage, with kills",
       .tried = steps,
       .outcome = fmt::format("{} points, {}none twice", sent.size(), vouched ? "" : "all dated right, ")});
}

TEST_CASE("a clock that is some days before the build is a clock, for the applications' records too",
          "[faults][time]") {
  if (!can_fake()) return;
  const RedisServer redis;
  const HttpSink sink;
  Board board;
  board.set_clock((build_time - unix_ms()) / 1000 - 24 * hour);
  AgentOptions options = board.options(sink.url());
  options.environment["REDIS_HOST"] = "127.0.0.1";
  options.environment["REDIS_PORT"] = std::to_string(redis.port());
  const std::string score = fmt::format("{}", board.wall_ms() / 1000 + 30 * 24 * hour);
  redis.run({"ZADD", "chouette:metrics:raw.keys", score, "id"});
  redis.run({"HSET", "chouette:metrics:raw.values", "id", R"({"metric":"a","type":"count","value":1})"});
  AgentProcess agent(options);
  const auto of_the_future = [&agent] {
    return number_so_far(agent, "scops_chouette_dropped_total", R"(queue="metrics:raw",reason="future")");
  };
  CHECK(eventually([&] { return of_the_future() == 1; }));
  CHECK(agent.stop() == 0);
}

TEST_CASE("steps of the clock while all is well stop nothing, double nothing, send nothing from the future",
          "[faults][time]") {
  if (!can_fake()) return;
  const std::vector<std::int64_t> all = {-3, 0, hour, -hour, 5 * year, -5, -8, 2, 0};
  const int steps = fault_tries(2, 90);
  HttpSink sink;
  Board board;
  AgentProcess agent(board.options(sink.url()));
  REQUIRE(sink.wait_for(2, long_enough));
  std::size_t seen = 0;
  std::size_t points = 0;
  std::int64_t latest = board.wall_ms();
  // The clock may have stepped between sending and looking: what was right by either is right.
  const auto look = [&] {
    const auto requests = sink.requests();
    latest = std::max(latest, board.wall_ms());
    for (; seen < requests.size(); ++seen) {
      for (const SentPoint& point : points_of(requests[seen])) {
        CHECK(point.id.time_ms <= latest + slack);
        ++points;
      }
    }
  };
  for (int step = 0; step < steps; ++step) {
    look();
    board.set_clock(all[static_cast<std::size_t>(step) % all.size()]);
    const std::size_t at_step = sink.requests().size();
    REQUIRE(sink.wait_for(at_step + 1, long_enough));
    look();
    latest = board.wall_ms();
    REQUIRE(sink.wait_for(at_step + 2, long_enough));
    look();
  }
  CHECK(repeated(points_of(without_retries(sink.requests()))) == 0);
  CHECK(agent.stop() == 0);
  record_fault({.area = "Time",
                .promise = "a step of the clock stops no schedule, sends nothing from the future or twice",
                .fault = "steps by seconds, hours, years while all is well",
                .tried = steps,
                .outcome = fmt::format("{} points in {} requests, none from the future, none twice", points,
                                       sink.requests().size())});
}

}  // namespace scops::test
