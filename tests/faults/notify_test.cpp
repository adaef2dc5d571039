// What a supervisor hears of the agent through $NOTIFY_SOCKET, and what happens when a thread of an output
// hangs. A real systemd is in service_test.cpp.
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "core/io/files.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/stuck_thread.hpp"

namespace scops::test {
namespace {

// The supervisor's end.
class NotifySocket {
 public:
  // `address` as in the variable: a path, or an abstract name behind an @.
  explicit NotifySocket(std::string address) : address_(std::move(address)) {
    std::string name = address_;
    if (name.front() == '@') name.front() = '\0';
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    REQUIRE(name.size() < sizeof at.sun_path);
    std::memcpy(at.sun_path, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&at), size) == 0);
  }
  [[nodiscard]] const std::string& address() const { return address_; }

  // All lines so far.
  const std::vector<std::string>& heard() {
    std::array<char, 4096> line{};
    for (;;) {
      const auto size = ::recv(fd_.get(), line.data(), line.size(), MSG_DONTWAIT);
      if (size <= 0) return heard_;
      heard_.emplace_back(line.data(), static_cast<std::size_t>(size));
    }
  }
  [[nodiscard]] bool wait_for(std::string_view beginning, int times = 1) {
    return eventually([&] { return count(beginning) >= times; });
  }
  int count(std::string_view beginning) {
    int number = 0;
    for (const std::string& line : heard()) number += line.starts_with(beginning) ? 1 : 0;
    return number;
  }

 private:
  std::string address_;
  Fd fd_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  std::vector<std::string> heard_;
};

AgentOptions supervised(const NotifySocket& socket, const std::string& url) {
  return {.environment = {{"API_KEY", "0123456789abcdef"},
                          {"DATADOG_URL", url},
                          {"NOTIFY_SOCKET", socket.address()},
                          {"WATCHDOG_USEC", "1000000"},
                          {"CAPTURE_INTERVAL", "1"},
                          {"AGGREGATE_INTERVAL", "1"},
                          {"RELEASE_INTERVAL", "1"}}};
}

}  // namespace

TEST_CASE("a supervisor hears that the agent is ready, alive and stopping", "[faults]") {
  const TempDir dir;
  const bool abstract = GENERATE(false, true);
  NotifySocket socket(abstract ? "@scops-test-" + std::to_string(::getpid()) : dir / "notify");
  HttpSink sink;
  AgentProcess agent(supervised(socket, sink.url()));
  REQUIRE(socket.wait_for("WATCHDOG=1", 3));
  CHECK(socket.heard().front() == "READY=1");
  CHECK(socket.count("STATUS=Collecting host, sending to datadog") == 1);
  CHECK(agent.stop() == 0);
  CHECK(socket.count("STOPPING=1") == 1);
}

TEST_CASE("without a watchdog, or with one of another process, there is no heartbeat", "[faults]") {
  const TempDir dir;
  NotifySocket socket(dir / "notify");
  HttpSink sink;
  AgentOptions options = supervised(socket, sink.url());
  const bool others = GENERATE(false, true);
  options.environment[others ? "WATCHDOG_PID" : "WATCHDOG_USEC"] = others ? "1" : "";
  AgentProcess agent(options);
  REQUIRE(sink.wait_for(2, long_enough));
  CHECK(agent.stop() == 0);
  CHECK(socket.count("READY=1") == 1);
  CHECK(socket.count("WATCHDOG=1") == 0);
}

// An intake that does not answer is waited for, which is no hanging.
TEST_CASE("a dispatch thread that waits is alive, one that hangs ends the heartbeat and not the stop",
          "[faults]") {
  const TempDir dir;
  const int tries = fault_tries(1, 20);
  for (int i = 0; i < tries; ++i) {
    NotifySocket socket(dir / ("notify" + std::to_string(i)));
    HttpSink sink;
    sink.otherwise({.fault = Fault::stall});
    AgentOptions options = supervised(socket, sink.url());
    options.environment["RELEASE_INTERVAL"] = "2s";  // a request may take 1.6 s, more than the watchdog
    options.environment["SCOPS_DISPATCH_GRACE"] = "0s";
    AgentProcess agent(options);
    REQUIRE(sink.wait_for(1, long_enough));
    REQUIRE(socket.wait_for("WATCHDOG=1", socket.count("WATCHDOG=1") + 2));
    CHECK(socket.count("STATUS=The thread") == 0);
    const StuckThread stuck(agent.thread("out-datadog"));
    REQUIRE(socket.wait_for("STATUS=The thread of output datadog hangs"));
    const int alive = socket.count("WATCHDOG=1");
    REQUIRE(socket.wait_for("STATUS=The thread", 2));
    CHECK(socket.count("WATCHDOG=1") == alive);
    CHECK(agent.wait_for_err("event=stuck output=datadog"));
    agent.signal(SIGTERM);
    CHECK(eventually([&] {
      stuck.reap();
      return !agent.running();
    }));
    CHECK(agent.wait() == 0);
    CHECK(agent.wait_for_err("event=left_behind output=datadog"));
    CHECK_FALSE(stored_points(agent.state()).empty());
  }
  record_fault({.area = "Start and stop",
                .promise = "a dispatch thread that hangs ends the heartbeat; SIGTERM still ends the agent",
                .fault = "the thread is stopped by ptrace(2) in the middle of a request, then SIGTERM",
                .tried = tries,
                .outcome = "no heartbeat after it, exit 0, what was not sent is in the buffer"});
}

}  // namespace scops::test
