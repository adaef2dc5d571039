// The way between a board and its intake, as radio links are: packets that vanish, a peer that vanishes, a
// route that moves, a link so slow that an hour of backlog takes minutes. tests/support/bad_link.hpp is the
// wire.
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/runtime/clock.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/bad_link.hpp"
#include "tests/support/blocks.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/own_numbers.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/temp_dir.hpp"
#include "transport/buffer/buffer.hpp"

namespace scops::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace std::chrono_literals;

constexpr int port = 8080;

bool lacks(const BadLink& link) {
  if (link.works()) return false;
  not_tested("a bad link needs the right to make network namespaces and /dev/net/tun (root)");
  return true;
}

Environment board(const std::string& period) {
  return {{"API_KEY", "0123456789abcdef"},
          {"DATADOG_URL", fmt::format("http://{}:{}", BadLink::intake, port)},
          {"CAPTURE_INTERVAL", "1"},
          {"AGGREGATE_INTERVAL", "1"},
          {"RELEASE_INTERVAL", period},
          {"SEND_SELF_METRICS", "false"},
          {"SCOPS_HTTP_LISTEN", "127.0.0.1:0"},
          {"SCOPS_DISPATCH_BACKOFF_MIN", "100ms"},
          {"SCOPS_DISPATCH_BACKOFF_MAX", "1s"}};
}

// A server that listens and never accepts, its queue full: connections to it hang.
class FullQueue {
 public:
  explicit FullQueue(const BadLink& link) {
    link.at_intake([this] {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(port);
      const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
      const int on = 1;
      listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
      REQUIRE(::bind(listener_.get(), generic, sizeof address) == 0);
      REQUIRE(::listen(listener_.get(), 0) == 0);
      for (Fd& one : filling_) {
        one = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        (void)::connect(one.get(), generic, sizeof address);
      }
      return 0;
    });
  }

 private:
  Fd listener_;
  std::array<Fd, 2> filling_;
};

// The two ends, and what has arrived so far at intakes that have gone since.
struct Ends {
  BadLink& link;
  std::unique_ptr<HttpSink> sink = {};
  std::unique_ptr<FullQueue> full = {};
  std::vector<SinkRequest> arrived = {};

  void open_intake() {
    sink = link.at_intake([] { return std::make_unique<HttpSink>(BadLink::intake, port); });
  }
  void close_intake() {
    if (sink == nullptr) return;
    const auto before = sink->requests();
    arrived.insert(arrived.end(), before.begin(), before.end());
    sink.reset();
  }
  [[nodiscard]] std::vector<SinkRequest> all() const {
    auto requests = arrived;
    const auto more = sink == nullptr ? std::vector<SinkRequest>() : sink->requests();
    requests.insert(requests.end(), more.begin(), more.end());
    return requests;
  }
};

double number_of(const BadLink& link, const AgentProcess& agent, std::string_view name) {
  return link.at_board([&] { return test::number_of(agent, name); });
}

// What was captured so far arrives.
bool all_arrives(const Ends& ends, const AgentProcess& agent) {
  const auto taken = static_cast<std::size_t>(number_of(ends.link, agent, "scops_pipeline_samples_total"));
  return taken > 0 && eventually([&] { return counted(ends.all()).size() >= taken; }, 3 * long_enough);
}

// What came twice came in the same bytes: a request whose answer was lost, sent again. Or later in a smaller
// one: the link did not bring back in time that it had carried the first, three times (docs/decisions/079).
void check_repetitions(const std::vector<SinkRequest>& requests) {
  std::map<PointId, std::size_t> first;  // its request
  for (std::size_t i = 0; i < requests.size(); ++i) {
    for (const SentPoint& point : points_of(requests[i])) {
      const std::size_t known = first.emplace(point.id, i).first->second;
      if (requests[known].raw_body == requests[i].raw_body) continue;
      const std::size_t before = points_of(requests[known]).size();
      const std::size_t after = points_of(requests[i]).size();
      if (after < before) break;
      FAIL_CHECK(to_string(point.id) << " came in two requests: number " << known << " with " << before
                                     << " points, number " << i << " with " << after);
      return;
    }
  }
}

struct Trouble {
  std::string name;
  std::function<void(Ends&)> begin, end;
};

std::vector<Trouble> troubles() {
  const auto swallow = [](Ends& ends) { ends.link.set({.swallows = true}); };
  const auto be_well = [](Ends& ends) { ends.link.set({}); };
  return {
      {"a black hole", swallow, be_well},
      {"the board gets another address", [](Ends& ends) { ends.link.move(); }, [](Ends&) {}},
      {"the peer vanishes without a word and another one comes",
       [](Ends& ends) {
         ends.link.set({.swallows = true});
         ends.close_intake();
       },
       [](Ends& ends) {
         ends.open_intake();
         ends.link.set({});
       }},
      {"nobody accepts connections",
       [](Ends& ends) {
         ends.close_intake();
         ends.full = std::make_unique<FullQueue>(ends.link);
       },
       [](Ends& ends) {
         ends.full.reset();
         ends.open_intake();
       }},
      {"half of the packets are lost", [](Ends& ends) { ends.link.set({.loss = 0.5}); }, be_well},
      {"a black hole in the middle of a request",
       [](Ends& ends) {
         ends.link.set({.bits_per_second = 4'000});
         const std::size_t crossed = ends.link.packets();
         (void)eventually([&] { return ends.link.packets() >= crossed + 3; });
         ends.link.set({.swallows = true});
       },
       be_well},
  };
}

// An hour that a board was cut off: 50 points every ten seconds.
void fill(const std::string& folder, int blocks) {
  Stats stats;
  const SystemClock clock;
  const auto buffer = open_buffer(
      buffer_settings(), {.folder = folder, .outputs = {"datadog"}, .clock = &clock, .stats = &stats});
  REQUIRE(buffer);
  for (int i = 0; i < blocks; ++i)
    (void)put(**buffer, block_of(50, clock.wall() - 3'700'000 + i * 10'000, static_cast<std::uint64_t>(i)));
}

struct Slow {
  BadLink::Manner manner;
  std::string period;
  milliseconds period_ms;
  milliseconds learning{0};  // until requests are as small as the link needs them for its period
};

// Returns the greatest age of the youngest point that the intake had, from the first request on.
milliseconds drain(const Slow& slow, int blocks) {
  BadLink link;
  const TempDir state;
  fill(state.path(), blocks);
  Ends ends{link};
  ends.open_intake();
  link.set(slow.manner);
  AgentProcess agent = link.at_board([&] {
    return AgentProcess({.environment = with(board(slow.period), {{"SCOPS_AGENT_STATE", state.path()},
                                                                  {"SCOPS_DISPATCH_BACKOFF_MIN", ""},
                                                                  {"SCOPS_DISPATCH_BACKOFF_MAX", ""}})});
  });
  const std::int64_t start = SystemClock().wall();
  const auto points = static_cast<std::size_t>(blocks) * 50;
  std::int64_t newest = start;
  std::int64_t oldest_age = 0;
  std::set<PointId> old;
  std::size_t seen = 0;
  const bool drained = eventually(
      [&] {
        const auto requests = ends.sink->requests();
        for (; seen < requests.size(); ++seen) {
          for (const SentPoint& point : points_of(requests[seen])) {
            newest = std::max(newest, point.id.time_ms);
            if (point.id.time_ms < start - 60'000) old.insert(point.id);
          }
        }
        oldest_age = std::max(oldest_age, SystemClock().wall() - newest);
        return old.size() >= points;
      },
      1200s);
  CHECK(drained);
  CHECK(agent.stop() == 0);
  INFO(agent.err());
  check_repetitions(ends.all());
  return milliseconds(oldest_age);
}

}  // namespace

TEST_CASE("whatever becomes of the way to the intake, what was captured arrives", "[network]") {
  const auto all = troubles();
  const int tries = fault_tries(1, static_cast<int>(all.size()) * 10);
  BadLink link;
  if (lacks(link)) return;
  Ends ends{link};
  ends.open_intake();
  link.set({.swallows = true});  // a black hole before the first connection
  AgentProcess agent = link.at_board([&] { return AgentProcess({.environment = board("1")}); });
  REQUIRE(agent.wait_for_err("event=send_failed"));
  link.set({});
  for (int i = 0; i < tries; ++i) {
    const Trouble& trouble = all[static_cast<std::size_t>(i) % all.size()];
    INFO(trouble.name);
    INFO(agent.err());
    REQUIRE(all_arrives(ends, agent));
    trouble.begin(ends);
    const double runs = number_of(link, agent, "scops_collect_runs_total");
    REQUIRE(eventually([&] { return number_of(link, agent, "scops_collect_runs_total") >= runs + 2; }));
    trouble.end(ends);
    REQUIRE(all_arrives(ends, agent));
  }
  CHECK(agent.stop() == 0);
  check_repetitions(ends.all());
  record_fault({.area = "Network",
                .promise = "captures go on, and what was captured arrives; twice only in the same bytes",
                .fault =
                    "black holes before a connection, in it, in the middle of a request; half of the packets "
                    "lost; the peer vanishes; the address moves; nobody accepts",
                .tried = tries + 1,
                .outcome = fmt::format("{} points arrived", counted(ends.all()).size())});
}

TEST_CASE("a request that was given up does not arrive later", "[network]") {
  if (only_in_faults("it watches for 20 s")) return;
  BadLink link;
  if (lacks(link)) return;
  Ends ends{link};
  ends.open_intake();
  AgentProcess agent = link.at_board([&] { return AgentProcess({.environment = board("1")}); });
  REQUIRE(ends.sink->wait_for(2, long_enough));
  link.set({.swallows = true});
  REQUIRE(agent.wait_for_err("no answer"));
  CHECK(agent.stop() == 0);
  const std::size_t before = ends.sink->requests().size();
  link.set({});
  CHECK_FALSE(ends.sink->wait_for(before + 1, 20s));  // the kernel tries for minutes
}

TEST_CASE("an agent in front of a black hole stops within 5 s", "[network]") {
  BadLink link;
  if (lacks(link)) return;
  const int tries = fault_tries(1, 20);
  milliseconds longest{0};
  for (int i = 0; i < tries; ++i) {
    Ends ends{link};
    ends.open_intake();
    link.set({});
    AgentProcess agent =
        link.at_board([&] { return AgentProcess({.environment = board(i % 2 == 0 ? "1" : "60")}); });
    REQUIRE(agent.wait_for_err("event=started"));
    link.set({.swallows = true});
    const auto before = std::chrono::steady_clock::now();
    CHECK(agent.stop() == 0);
    longest = std::max(longest,
                       std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - before));
    CHECK(longest < 5s);
  }
  record_fault(
      {.area = "Network",
       .promise = "SIGTERM ends the agent within 5 s",
       .fault = "every packet vanishes from the moment of the SIGTERM on",
       .tried = tries,
       .outcome = fmt::format("{:.1f} s at the longest", static_cast<double>(longest.count()) / 1000)});
}

TEST_CASE("an hour of backlog drains over a link that is slow, and the fresh passes it", "[network]") {
  if (only_in_faults("it takes a quarter of an hour")) return;
  if (const BadLink link; lacks(link)) return;
  const std::vector<Slow> all = {
      {{.bits_per_second = 32'000, .delay = 400ms, .loss = 0.1}, "60", 60s},
      {{.bits_per_second = 256'000, .delay = 400ms, .loss = 0.1}, "60", 60s},
      {{.bits_per_second = 32'000, .delay = 400ms, .loss = 0.1}, "10", 10s},
      {{.bits_per_second = 256'000, .delay = 50ms, .loss = 0.01}, "1", 1s, 8s},
  };
  for (const Slow& slow : all) {
    const double loss = 100 * slow.manner.loss;
    INFO(slow.manner.bits_per_second << " bit/s, period " << slow.period);
    const milliseconds age = drain(slow, 360);
    CHECK(age <= 2 * slow.period_ms + slow.learning + 2s);  // and a loaded machine
    record_fault(
        {.area = "Network",
         .promise = "an hour of backlog drains, and fresh data is never older than two periods",
         .fault = fmt::format("{} kbit/s, {} ms there and back, {:.0f} % of the packets lost",
                              slow.manner.bits_per_second / 1000, 2 * slow.manner.delay.count(), loss),
         .tried = 1,
         .outcome = fmt::format("at most {:.1f} s old at a period of {} s",
                                static_cast<double>(age.count()) / 1000, slow.period)});
  }
}

}  // namespace scops::test
