// From the machine to the intake: what a request looks like, and that an outage or a restart loses nothing.
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/agent_process.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/own_numbers.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

Environment delivering_to(const std::string& url) {
  return {{"API_KEY", "0123456789abcdef"},
          {"DATADOG_URL", url},
          {"CAPTURE_INTERVAL", "1"},
          {"AGGREGATE_INTERVAL", "1"},
          {"RELEASE_INTERVAL", "1"},
          {"SCOPS_HTTP_LISTEN", "127.0.0.1:0"},
          {"SCOPS_DISPATCH_BACKOFF_MIN", "100ms"},
          {"SCOPS_DISPATCH_BACKOFF_MAX", "1s"},
          {"SCOPS_DISPATCH_RATE_MAX", "20"}};
}

std::string machine_name() {
  std::array<char, 256> name{};
  REQUIRE(::gethostname(name.data(), name.size() - 1) == 0);
  return name.data();
}

std::set<std::int64_t> seconds_of(const std::map<PointId, int>& points) {
  std::set<std::int64_t> seconds;
  for (const auto& [point, count] : points) seconds.insert(point.time_ms / 1000);
  return seconds;
}

}  // namespace

TEST_CASE("a request goes to v1/series with the key in its query, deflated", "[system]") {
  HttpSink sink;
  const AgentProcess agent({.environment = delivering_to(sink.url() + "/api/")});
  REQUIRE(sink.wait_for(1, long_enough));
  const SinkRequest request = sink.requests().at(0);
  CHECK(request.method == "POST");
  CHECK(request.target == "/api/v1/series?api_key=0123456789abcdef");
  CHECK(request.headers.at("content-type") == "application/json");
  CHECK(request.headers.at("content-encoding") == "deflate");
  CHECK(request.headers.at("user-agent").starts_with("scops/"));
  CHECK(request.headers.count("dd-api-key") == 0);
  // A zlib stream (RFC 1950: method 8, header divisible by 31), not raw deflate.
  const auto first = static_cast<unsigned char>(request.raw_body.at(0));
  const auto second = static_cast<unsigned char>(request.raw_body.at(1));
  CHECK(first % 16 == 8);
  CHECK((first * 256 + second) % 31 == 0);
}

TEST_CASE("contract 4: the body lists series with points, type, tags and host", "[system]") {
  HttpSink sink;
  const AgentProcess agent(
      {.environment = with(
           delivering_to(sink.url()),
           {{"GLOBAL_TAGS", R"(["site:7","bare"])"}, {"HOST", "owl-1"}, {"SEND_SELF_METRICS", "false"}})});
  REQUIRE(sink.wait_for(2, long_enough));
  const auto points = points_of(sink.requests());
  std::map<std::string, std::string> tags;
  for (const SentPoint& point : points) {
    CHECK(point.host == "owl-1");
    CHECK(point.type == "gauge");
    CHECK(point.id.time_ms > 1'700'000'000'000);
    tags[point.id.metric] = point.id.tags;
  }
  CHECK(tags["Chouette.host.la"] == "bare,period:1m,site:7");
  CHECK(tags["Chouette.host.memory.used"] == "bare,site:7");
  CHECK(tags.count("Chouette.host.memory.available") == 1);
  CHECK(tags.count("Chouette.host.cpu.percentage") == 1);
  CHECK(sink.requests().at(0).body.starts_with(R"({"series":[{"metric":)"));
}

TEST_CASE("contract 1, correction: the host is the machine's own name unless it is set", "[system]") {
  HttpSink sink;
  const AgentProcess agent({.environment = delivering_to(sink.url())});
  REQUIRE(sink.wait_for(1, long_enough));
  for (const SentPoint& point : points_of(sink.requests())) CHECK(point.host == machine_name());
}

TEST_CASE("the key travels in a header where that is asked for", "[system]") {
  HttpSink sink;
  const AgentProcess agent(
      {.environment = with(delivering_to(sink.url()), {{"SCOPS_DATADOG_KEY_IN", "header"}})});
  REQUIRE(sink.wait_for(1, long_enough));
  CHECK(sink.requests().at(0).target == "/v1/series");
  CHECK(sink.requests().at(0).headers.at("dd-api-key") == "0123456789abcdef");
}

TEST_CASE("one connection serves all requests", "[system]") {
  HttpSink sink;
  const AgentProcess agent({.environment = delivering_to(sink.url())});
  REQUIRE(sink.wait_for(3, long_enough));
  CHECK(sink.connections() == 1);
}

TEST_CASE("every point of an outage arrives after it, and none twice", "[system]") {
  const std::string interface = GENERATE("v1", "v3");
  HttpSink sink;
  std::vector<SinkAnswer> script(2);
  script.resize(8, SinkAnswer{.status = 503, .body = "down"});
  sink.script(script);
  AgentProcess agent(
      {.environment = with(delivering_to(sink.url() + "/api"), {{"SCOPS_DATADOG_SERIES", interface}})});
  REQUIRE(sink.wait_for(script.size() + 3, long_enough));
  const double left_out = left_out_captures(agent);
  CHECK(agent.stop() == 0);

  const auto requests = sink.requests();
  const auto accepted = counted(accepted_of(requests, script));
  const auto all = counted(requests);
  CHECK(all.size() == accepted.size());
  for (const auto& [point, count] : accepted) {
    INFO(to_string(point));
    CHECK(count == 1);
  }
  REQUIRE(seconds_of(accepted).size() >= 5);
  CHECK(holes_in(accepted) <= left_out);
  CHECK(agent.err().find("event=send_failed") != std::string::npos);
  CHECK(agent.err().find("event=recovered") != std::string::npos);
}

TEST_CASE("what a restart during an outage finds in the buffer is delivered after it, once", "[system]") {
  HttpSink sink;
  sink.otherwise({.status = 503, .body = "down"});
  const TempDir state;
  const Environment environment = with(delivering_to(sink.url()), {{"SCOPS_AGENT_STATE", state.path()}});
  {
    AgentProcess agent({.environment = environment});
    REQUIRE(sink.wait_for(4, long_enough));
    CHECK(agent.stop() == 0);
  }
  const auto buffered = stored_points(state.path());
  REQUIRE(buffered.size() >= 4);  // at least one capture
  const std::size_t refused = sink.requests().size();

  sink.otherwise({});
  AgentProcess agent({.environment = environment});
  REQUIRE(sink.wait_for(refused + 2, long_enough));
  CHECK(agent.stop() == 0);
  const auto requests = sink.requests();
  const auto accepted = counted({requests.begin() + static_cast<std::ptrdiff_t>(refused), requests.end()});
  for (const auto& [point, value] : buffered) {
    INFO(to_string(point));
    CHECK(accepted.count(point) == 1);
  }
  for (const auto& [point, count] : accepted) {
    INFO(to_string(point));
    CHECK(count == 1);
  }
}

TEST_CASE("a clean restart sends nothing twice", "[system]") {
  HttpSink sink;
  const TempDir state;
  for (int run = 0; run < 2; ++run) {
    AgentProcess agent(
        {.environment = with(delivering_to(sink.url()), {{"SCOPS_AGENT_STATE", state.path()}})});
    REQUIRE(sink.wait_for(sink.requests().size() + 2, long_enough));
    CHECK(agent.stop() == 0);
  }
  for (const auto& [point, count] : counted(sink.requests())) {
    INFO(to_string(point));
    CHECK(count == 1);
  }
}

}  // namespace scops::test
