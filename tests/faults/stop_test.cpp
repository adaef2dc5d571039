// SIGTERM at random moments of a busy agent: applications write into Redis all the time, the host is
// captured, the intake is slow or away at times. Each record must have been counted once in the end.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/io/files.hpp"
#include "core/runtime/clock.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/applications.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/sent_points.hpp"

namespace scops::test {
namespace {

using std::chrono::milliseconds;

constexpr const char* metric = "app.events";

AgentOptions busy(const HttpSink& sink, const RedisServer& redis, const std::string& buffer,
                  const std::string& state) {
  return {.environment = {{"API_KEY", "0123456789abcdef"},
                          {"DATADOG_URL", sink.url()},
                          {"REDIS_HOST", "127.0.0.1"},
                          {"REDIS_PORT", std::to_string(redis.port())},
                          {"CHOUETTE_STORAGE_TYPE", buffer},
                          {"SCOPS_AGENT_STATE", state},
                          {"HOST", "owl-1"},
                          {"CAPTURE_INTERVAL", "1"},
                          {"AGGREGATE_INTERVAL", "1"},
                          {"RELEASE_INTERVAL", "1"},
                          {"SCOPS_DISPATCH_BACKOFF_MIN", "100ms"},
                          {"SCOPS_DISPATCH_RATE_MAX", "50"}}};
}

// What the intake has said yes to: the sum of all points that are told apart. Also that a point which came
// twice was the same both times.
class Accepted {
 public:
  explicit Accepted(const std::vector<SinkAnswer>& script) : script_(script) {}
  double sum(const HttpSink& sink) {
    const auto accepted = accepted_of(sink.requests(), script_);
    for (; read_ < accepted.size(); ++read_) {
      for (const SentPoint& point : points_of(accepted[read_])) {
        if (point.id.metric != metric) continue;
        const auto [known, fresh] = points_.emplace(point.id, point.value);
        if (fresh) sum_ += point.value;
        if (!fresh && known->second != point.value) FAIL("a point has two values: " << to_string(point.id));
      }
    }
    return sum_;
  }

 private:
  const std::vector<SinkAnswer>& script_;
  std::size_t read_ = 0;
  std::map<PointId, double> points_;
  double sum_ = 0;
};

// Now and then an answer that is no yes.
std::vector<SinkAnswer> moody(std::mt19937& random) {
  std::vector<SinkAnswer> script(20'000);
  for (SinkAnswer& answer : script) {
    const auto drawn = random() % 10;
    if (drawn == 0) answer.status = 503;
    if (drawn == 1) answer.fault = Fault::reset_after;
    if (drawn == 2) answer.fault = Fault::stall;
  }
  return script;
}

}  // namespace

TEST_CASE("SIGTERM at any moment under load: within 5 s, with status 0, nothing lost, nothing doubled",
          "[faults]") {
  const std::string buffer = GENERATE(as<std::string>(), "redis", "embedded");
  const int tries = fault_tries(3, 500);
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed << ", buffer " << buffer);
  std::mt19937 random(seed);
  const RedisServer redis;
  const TempDir state;
  HttpSink sink;
  const std::vector<SinkAnswer> script = moody(random);
  sink.script(script);
  Applications applications(redis, metric);
  double slowest = 0;
  for (int i = 0; i < tries; ++i) {
    AgentProcess agent(busy(sink, redis, buffer, state.path()));
    // From before it has read its settings to the middle of its second release.
    CHECK_FALSE(eventually([&] { return !agent.running(); }, milliseconds(random() % 1500)));
    const auto began = std::chrono::steady_clock::now();
    agent.signal(SIGTERM);
    const int status = agent.wait();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    slowest = std::max(slowest, took.count());
    // Before its first instruction nobody has blocked the signal yet.
    const bool too_early = status == 128 + SIGTERM && agent.err().empty();
    INFO(agent.err());
    CHECK((status == 0 || too_early));
    CHECK(count_of(agent.err(), "event=dropped") == 0);
  }
  if (tries > 10) CHECK(slowest < 5);  // in a test of all at once the machine may be slower than the agent
  const int reported = applications.stop();
  Accepted accepted(script);
  AgentProcess agent(busy(sink, redis, buffer, state.path()));
  CHECK(eventually([&] { return accepted.sum(sink) >= reported; }, std::chrono::minutes(3)));
  CHECK(agent.stop() == 0);
  CHECK(accepted.sum(sink) == reported);
  record_fault(
      {.area = "Start and stop",
       .promise = "SIGTERM: no loss, nothing twice, stopped within 5 s",
       .fault =
           "SIGTERM 0 to 1.5 s after the start, under load, a third of all requests fail; buffer " + buffer,
       .tried = tries,
       .outcome =
           fmt::format("{} records, each counted once; the slowest stop took {:.1f} s", reported, slowest)});
}

TEST_CASE("of two agents on one state folder the second says so and exits, however often", "[faults]") {
  const int tries = fault_tries(2, 100);
  const std::string buffer = GENERATE(as<std::string>(), "embedded", "redis");
  const RedisServer redis;
  HttpSink sink;
  const TempDir state;
  const AgentOptions options = busy(sink, redis, buffer, state.path());
  AgentProcess first(options);
  REQUIRE(first.wait_for_err("event=started"));
  for (int i = 0; i < tries; ++i) {
    const Finished second = run_agent(options);
    CHECK(second.status == 2);
    CHECK(second.err.find("another agent uses the folder") != std::string::npos);
  }
  // Whoever was killed has no hold on it.
  first.kill();
  AgentProcess third(options);
  CHECK(third.wait_for_err("event=started"));
  CHECK(third.stop() == 0);
  record_fault(
      {.area = "Start and stop",
       .promise = "two agents on one state folder: the second says so and exits",
       .fault = "a second agent is started beside a running one, then after a kill; buffer " + buffer,
       .tried = tries,
       .outcome = "exit 2 each time; after a kill the next one starts"});
}

TEST_CASE("SIGTERM while the agent still waits for a Redis that hangs", "[faults]") {
  const int tries = fault_tries(1, 20);
  const RedisServer redis;
  HttpSink sink;
  const TempDir state;
  redis.pause();
  double slowest = 0;
  for (int i = 0; i < tries; ++i) {
    AgentProcess agent(busy(sink, redis, "redis", state.path()));
    // Once it has blocked the signals, which is before its first connection.
    CHECK(eventually(
        [&] { return agent.proc("status").find("SigBlk:\t0000000000004003") != std::string::npos; }));
    std::this_thread::sleep_for(milliseconds(500 * i));
    const auto began = std::chrono::steady_clock::now();
    agent.signal(SIGTERM);
    CHECK(agent.wait() == 0);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    slowest = std::max(slowest, took.count());
  }
  redis.resume();
  if (tries > 10) CHECK(slowest < 5);
  record_fault({.area = "Start and stop",
                .promise = "SIGTERM: stopped within 5 s",
                .fault = "SIGTERM at the start and later, while the Redis hangs",
                .tried = tries,
                .outcome = fmt::format("the slowest stop took {:.1f} s", slowest)});
}

// A daemon that keeps our standard error and no longer reads it fills the pipe in days: nothing may wait for
// it.
TEST_CASE("a standard error that nobody reads stops nothing", "[faults]") {
  HttpSink sink;
  const TempDir state;
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) == 0);
  const Fd reader(ends[0]);
  const Fd writer(ends[1]);
  const std::string page(4096, 'x');
  while (::write(writer.get(), page.data(), page.size()) > 0) {
  }
  REQUIRE(::fcntl(writer.get(), F_SETFL, 0) == 0);
  const std::string url = "DATADOG_URL=" + sink.url();
  const std::string folder = "SCOPS_AGENT_STATE=" + state.path();
  const std::array<const char*, 8> environment = {
      url.c_str(),          folder.c_str(),         "API_KEY=0123456789", "LOG_LEVEL=debug",
      "CAPTURE_INTERVAL=1", "AGGREGATE_INTERVAL=1", "RELEASE_INTERVAL=1", nullptr};
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(writer.get(), STDERR_FILENO);
    ::execle(SCOPS_BINARY, "scops", "run", "--http.listen=off", nullptr, environment.data());
    ::_exit(127);
  }
  CHECK(sink.wait_for(2, long_enough));
  ::kill(pid, SIGTERM);
  int status = -1;
  const bool ended = eventually([&] { return ::waitpid(pid, &status, WNOHANG) == pid; });
  if (!ended) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, 0);
  }
  CHECK(ended);
  CHECK(status == 0);
  record_fault({.area = "Start and stop",
                .promise = "nobody who does not listen can stop the agent",
                .fault = "standard error is a pipe that is full and that nobody reads; then SIGTERM",
                .tried = 1,
                .outcome = "delivers, stops with status 0"});
}

}  // namespace scops::test
