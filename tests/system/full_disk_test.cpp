// No room under the buffer: the agent goes on collecting and delivering, and what it could not write is not
// lost.
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/runtime/clock.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/own_numbers.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

// A state folder on a disk of 300 kB that fill() and empty() fill and empty: a tmpfs in a mount namespace of
// the test's own. Who may not mount gets the nearest thing that a user has: the agent's files cannot grow any
// more.
class SmallDisk {
 public:
  SmallDisk() {
    if (::geteuid() != 0 || ::unshare(CLONE_NEWNS) != 0) return;
    REQUIRE(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    mounted_ = ::mount("scops-test", folder_.path().c_str(), "tmpfs", 0, "size=300k") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] std::string state() const { return folder_ / "state"; }

  void fill(pid_t agent) const {
    if (!mounted_) return limit(agent, 1024);
    std::ofstream file(folder_ / "filler", std::ios::binary);
    while (file.put('x').flush()) {
    }
  }
  void fill_before_start() const {
    if (mounted_) fill(0);
  }
  [[nodiscard]] rlim_t limit_from_start() const { return mounted_ ? RLIM_INFINITY : 0; }
  void empty(pid_t agent) const {
    if (!mounted_) return limit(agent, RLIM_INFINITY);
    REQUIRE(::truncate((folder_ / "filler").c_str(), 0) == 0);
  }

 private:
  static void limit(pid_t agent, rlim_t bytes) {
    const rlimit wanted{bytes, RLIM_INFINITY};
    REQUIRE(::prlimit(agent, RLIMIT_FSIZE, &wanted, nullptr) == 0);
  }

  TempDir folder_;
  bool mounted_ = false;
};

std::map<std::string, std::string> delivering_to(const std::string& url, const std::string& state) {
  return {{"API_KEY", "0123456789abcdef"},     {"DATADOG_URL", url},
          {"SCOPS_AGENT_STATE", state},        {"SCOPS_HTTP_LISTEN", "127.0.0.1:0"},
          {"CAPTURE_INTERVAL", "1"},           {"AGGREGATE_INTERVAL", "1"},
          {"RELEASE_INTERVAL", "1"},           {"SCOPS_DISPATCH_BACKOFF_MIN", "100ms"},
          {"SCOPS_DISPATCH_BACKOFF_MAX", "1s"}};
}

// How many of the seconds from `first` to `last`, Unix time, have no point?
double seconds_without(const std::map<PointId, int>& points, std::int64_t first, std::int64_t last) {
  std::set<std::int64_t> seconds;
  for (const auto& [point, count] : points) seconds.insert(point.time_ms / 1000);
  const auto there = std::distance(seconds.lower_bound(first), seconds.upper_bound(last));
  return static_cast<double>(last - first + 1 - there);
}

}  // namespace

TEST_CASE("a full disk stops neither collecting nor delivering, and is told once", "[system]") {
  const SmallDisk disk;
  HttpSink sink;
  AgentProcess agent(
      {.environment = delivering_to(sink.url(), disk.state()), .file_size_max = RLIM_INFINITY});
  REQUIRE(sink.wait_for(2, long_enough));
  disk.fill(agent.pid());
  REQUIRE(agent.wait_for_err("event=store_refuses"));
  CHECK_THAT(agent.page("/readyz").body, Catch::Matchers::Contains("sqlite"));
  const std::size_t before = sink.requests().size();
  const bool goes_on = sink.wait_for(before + 2, long_enough);
  INFO("the agent says:\n" << agent.err());
  CHECK(goes_on);
  CHECK(count_of(agent.err(), "event=store_refuses") == 1);

  disk.empty(agent.pid());
  CHECK(agent.wait_for_err("event=store_recovered"));
  CHECK(sink.wait_for(sink.requests().size() + 2, long_enough));
  CHECK(eventually([&] { return agent.page("/readyz").status == 200; }));
  const double left_out = left_out_captures(agent);
  CHECK(agent.stop() == 0);
  const auto points = counted(sink.requests());
  CHECK(holes_in(points) <= left_out);
  for (const auto& [point, count] : points) {
    INFO(to_string(point));
    CHECK(count == 1);
  }
}

TEST_CASE("what a full disk refused during an outage arrives when both are over", "[system]") {
  const SmallDisk disk;
  HttpSink sink;
  AgentProcess agent(
      {.environment = delivering_to(sink.url(), disk.state()), .file_size_max = RLIM_INFINITY});
  REQUIRE(sink.wait_for(1, long_enough));
  const SinkAnswer down{.status = 503, .body = "down"};
  sink.otherwise(down);
  const std::int64_t first_refused = SystemClock().wall() / 1000 + 1;
  disk.fill(agent.pid());
  REQUIRE(agent.wait_for_err("event=store_refuses"));
  REQUIRE(sink.wait_for(sink.requests().size() + 3, long_enough));
  disk.empty(agent.pid());
  REQUIRE(agent.wait_for_err("event=store_recovered"));
  const std::int64_t over = SystemClock().wall() / 1000;
  const auto refused = static_cast<std::ptrdiff_t>(sink.requests().size());
  sink.otherwise({});
  const bool arrived = eventually([&] {
    const auto requests = sink.requests();
    const auto points = counted({requests.begin() + refused, requests.end()});
    return seconds_without(points, first_refused, over) <= left_out_captures(agent);
  });
  INFO("the agent says:\n" << agent.err());
  CHECK(arrived);
  const double left_out = left_out_captures(agent);
  CHECK(agent.stop() == 0);
  CHECK(holes_in(counted(sink.requests())) <= left_out);
  CHECK(stored_points(disk.state()).size() <= counted(sink.requests()).size());
}

TEST_CASE("a backlog is delivered while the disk is full, each point once", "[system]") {
  const SmallDisk disk;
  HttpSink sink;
  sink.otherwise({.status = 503, .body = "down"});
  auto environment = delivering_to(sink.url(), disk.state());
  environment["METRICS_BULK_SIZE"] = "7";  // a request, and so an ack, for each capture
  AgentProcess agent({.environment = environment, .file_size_max = RLIM_INFINITY});
  REQUIRE(sink.wait_for(6, long_enough));
  disk.fill(agent.pid());
  REQUIRE(agent.wait_for_err("event=store_refuses"));
  const std::size_t refused = sink.requests().size() + 1;  // one may be on its way
  sink.otherwise({});
  const bool goes_on = sink.wait_for(refused + 8, long_enough);
  INFO("the agent says:\n" << agent.err());
  CHECK(goes_on);
  CHECK(agent.stop() == 0);
  const auto requests = sink.requests();
  const auto accepted = counted({requests.begin() + static_cast<std::ptrdiff_t>(refused), requests.end()});
  for (const auto& [point, count] : accepted) {
    INFO(to_string(point));
    CHECK(count == 1);
  }
}

TEST_CASE("a disk that is full from the start is no reason not to start", "[system]") {
  const SmallDisk disk;
  HttpSink sink;
  disk.fill_before_start();
  AgentProcess agent(
      {.environment = delivering_to(sink.url(), disk.state()), .file_size_max = disk.limit_from_start()});
  CHECK(sink.wait_for(2, long_enough));
  CHECK(agent.stop() == 0);
  CHECK(count_of(agent.err(), "level=warn") >= 1);
}

}  // namespace scops::test
