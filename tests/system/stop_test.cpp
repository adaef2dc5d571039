// SIGTERM and SIGINT: within five seconds, with status 0, whatever the agent is doing; the last window is not
// lost.
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <set>
#include <string>

#include "tests/support/agent_process.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/own_numbers.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/stuck_thread.hpp"

namespace scops::test {
namespace {

const std::string nobody_listens = "http://127.0.0.1:1";

// One flush at the start and one a second later, then none for an hour: what comes after is in memory until
// the stop.
Environment slow_to(const std::string& url) {
  return {{"API_KEY", "0123456789abcdef"}, {"DATADOG_URL", url},       {"CAPTURE_INTERVAL", "1s"},
          {"AGGREGATE_INTERVAL", "1h"},    {"RELEASE_INTERVAL", "1h"}, {"SCOPS_HTTP_LISTEN", "127.0.0.1:0"}};
}

// The embedded buffer spares its flash: what two flushes put into it is in memory, too.
Environment holding_blocks() {
  return with(slow_to(nobody_listens), {{"SCOPS_BUFFER_TYPE", "embedded"}, {"SCOPS_BUFFER_HOLD", "1h"}});
}

bool has_captured(const AgentProcess& agent, int times) {
  return eventually([&] { return number_of(agent, "scops_collect_runs_total") >= times; });
}

template <class Points>
std::set<std::int64_t> times_in(const Points& points) {
  std::set<std::int64_t> times;
  for (const auto& [point, value] : points) times.insert(point.time_ms);
  return times;
}

std::set<std::int64_t> times_in(const std::vector<SentPoint>& points) {
  std::set<std::int64_t> times;
  for (const SentPoint& point : points) times.insert(point.id.time_ms);
  return times;
}

// Stops one thread of the agent at its next call of `openat`, as a file system that hangs would. It is let go
// at the end.
class HangingThread {
 public:
  explicit HangingThread(pid_t thread) : thread_(thread) {
    REQUIRE(thread_ > 0);
    REQUIRE(::ptrace(PTRACE_SEIZE, thread_, nullptr, PTRACE_O_TRACESYSGOOD) == 0);
    REQUIRE(::ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr) == 0);
    REQUIRE(eventually([this] { return at_openat(); }));
  }
  // The kernel hands the end of a traced thread to us before the process can end.
  void reap() const { ::waitpid(thread_, nullptr, __WALL | WNOHANG); }

 private:
  bool at_openat() const {
    if (::waitpid(thread_, nullptr, __WALL | WNOHANG) != thread_) return false;
    __ptrace_syscall_info call{};
    ::ptrace(PTRACE_GET_SYSCALL_INFO, thread_, sizeof call, &call);
    if (call.op == PTRACE_SYSCALL_INFO_ENTRY && call.entry.nr == SYS_openat) return true;
    ::ptrace(PTRACE_SYSCALL, thread_, nullptr, nullptr);
    return false;
  }

  pid_t thread_;
};

// Does the agent stop in time, though one of its threads cannot?
template <class Thread>
bool ends_beside(const Thread& thread, AgentProcess& agent) {
  return eventually(
      [&] {
        thread.reap();
        return !agent.running();
      },
      stop_max);
}

}  // namespace

TEST_CASE("an idle agent stops at once on SIGTERM and on SIGINT", "[system]") {
  const int number = GENERATE(SIGTERM, SIGINT);
  AgentProcess agent;
  REQUIRE(agent.wait_for_out("Chouette.host.cpu.percentage"));
  agent.signal(number);
  CHECK(agent.wait(stop_max) == 0);
  CHECK(count_of(agent.err(), "event=stopping") == 1);
  CHECK(count_of(agent.err(), "event=stopped") == 1);
}

TEST_CASE("a stop while a request hangs takes less than five seconds and loses nothing", "[system]") {
  HttpSink sink;
  sink.otherwise({.fault = Fault::stall});
  Environment environment = slow_to(sink.url());
  environment["RELEASE_INTERVAL"] = "7s";  // a request may take 5.6 of them
  environment["AGGREGATE_INTERVAL"] = "1s";
  AgentProcess agent({.environment = environment});
  REQUIRE(sink.wait_for(1, long_enough));
  agent.signal(SIGTERM);
  CHECK(agent.wait(stop_max) == 0);
  const auto stored = stored_points(agent.state());
  for (const SentPoint& point : points_of(sink.requests())) {
    INFO(to_string(point.id));
    CHECK(stored.count(point.id) == 1);
  }
}

TEST_CASE("a stop while the intake is down keeps the last window in the buffer", "[system]") {
  AgentProcess agent({.environment = slow_to(nobody_listens)});
  REQUIRE(has_captured(agent, 3));
  agent.signal(SIGTERM);
  CHECK(agent.wait(stop_max) == 0);
  CHECK(times_in(stored_points(agent.state())).size() >= 3);
}

TEST_CASE("a stop sends the last window", "[system]") {
  HttpSink sink;
  AgentProcess agent({.environment = slow_to(sink.url())});
  REQUIRE(has_captured(agent, 3));
  CHECK(agent.stop(stop_max) == 0);
  CHECK(times_in(points_of(sink.requests())).size() >= 3);
}

TEST_CASE("a stop without an API key prints the last window", "[system]") {
  AgentProcess agent(
      {.environment = {
           {"CAPTURE_INTERVAL", "1s"}, {"AGGREGATE_INTERVAL", "1h"}, {"SCOPS_HTTP_LISTEN", "127.0.0.1:0"}}});
  REQUIRE(has_captured(agent, 3));
  CHECK(agent.stop() == 0);
  CHECK(count_of(agent.out(), "Chouette.host.la") >= 3);
}

TEST_CASE("a collector that hangs is left behind, and what it brought before is delivered", "[system]") {
#ifdef SCOPS_EMULATED
  return left_out("no thread of an emulated program can be traced");
#endif
  HttpSink sink;
  AgentProcess agent({.environment = slow_to(sink.url())});
  REQUIRE(has_captured(agent, 3));
  const HangingThread hanging(agent.thread("in-host"));
  agent.signal(SIGTERM);
  CHECK(ends_beside(hanging, agent));
  CHECK(agent.wait() == 0);
  CHECK(agent.err().find("event=left_behind collector=host") != std::string::npos);
  CHECK(times_in(points_of(sink.requests())).size() >= 3);
}

TEST_CASE("what is held in memory is stored also when a round of draining is left behind", "[system]") {
  const RedisServer redis;
  Environment environment = holding_blocks();
  environment["REDIS_HOST"] = "127.0.0.1";
  environment["REDIS_PORT"] = std::to_string(redis.port());
  environment["SCOPS_REDIS_TIMEOUT"] = "10s";
  AgentProcess agent({.environment = environment});
  REQUIRE(has_captured(agent, 3));
  redis.pause();
  agent.signal(SIGTERM);
  CHECK(agent.wait(stop_max) == 0);
  INFO(agent.err());
  CHECK(count_of(agent.err(), "event=left_behind collector=chouette") == 1);
  CHECK(count_of(agent.err(), "event=buffer_left_open late=\"an input\" held_blocks=0") == 1);
  CHECK(times_in(stored_points(agent.state())).size() >= 3);
}

TEST_CASE("what is held in memory is stored also when an output is left behind", "[system]") {
#ifdef SCOPS_EMULATED
  return left_out("no thread of an emulated program can be traced");
#endif
  AgentProcess agent({.environment = holding_blocks()});
  REQUIRE(has_captured(agent, 3));
  const StuckThread stuck(agent.thread("out-datadog"));
  agent.signal(SIGTERM);
  CHECK(ends_beside(stuck, agent));
  CHECK(agent.wait() == 0);
  INFO(agent.err());
  CHECK(count_of(agent.err(), "event=left_behind output=datadog") == 1);
  CHECK(count_of(agent.err(), "event=buffer_left_open late=\"an output\" held_blocks=0") == 1);
  CHECK(times_in(stored_points(agent.state())).size() >= 3);
}

TEST_CASE("SIGHUP is ignored with a line in the log", "[system]") {
  AgentProcess agent;
  REQUIRE(agent.wait_for_out("Chouette.host.la"));
  agent.signal(SIGHUP);
  CHECK(agent.wait_for_err("event=signal_ignored signal=HUP"));
  CHECK(agent.running());
  CHECK(agent.stop() == 0);
}

TEST_CASE("a second signal during the stop changes nothing", "[system]") {
  HttpSink sink;
  sink.otherwise({.fault = Fault::stall});
  AgentProcess agent({.environment = slow_to(sink.url())});
  REQUIRE(has_captured(agent, 1));
  agent.signal(SIGTERM);
  REQUIRE(agent.wait_for_err("event=stopping"));
  agent.signal(SIGINT);
  agent.signal(SIGTERM);
  CHECK(agent.wait() == 0);
}

}  // namespace scops::test
