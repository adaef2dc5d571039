// Logs on their way to a real HTTP server, alone and with the delivery in front.

#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/config/load.hpp"
#include "core/io/log_block.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/sent_logs.hpp"
#include "tests/transport/dispatch/rig.hpp"
#include "transport/outputs/datadog/datadog.hpp"

using namespace std::chrono_literals;
using scops::Datadog;
using scops::DatadogSettings;
using scops::Kind;
using scops::LogRecord;
using scops::Payload;
using scops::Reply;
using scops::Verdict;
using scops::test::HttpSink;
using scops::test::logs_of;

namespace {

LogRecord record(const std::string& text) {
  return {1'700'000'000'000,
          R"({"date":"2023-11-14T22:13:20+00:00","ddsource":"python","ddtags":["a:b"],"level":"INFO",)"
          R"("message":{"text":")" +
              text + R"("},"service":"web"})"};
}

Payload logs(int count = 1) {
  Payload payload{.kind = Kind::logs};
  for (int i = 0; i < count; ++i) payload.logs.push_back(record(std::to_string(i)));
  return payload;
}

Payload one_metric() {
  Payload payload;
  payload.metrics.series.emplace_back();
  payload.metrics.series[0].name = "host.la";
  payload.metrics.samples.push_back({0, 1'700'000'000'000, 0.5});
  return payload;
}

DatadogSettings settings_for(const HttpSink& sink) {
  DatadogSettings settings;
  settings.api_key.text = "0123456789abcdef";
  settings.url = "http://metrics.invalid/api";
  settings.logs_url = sink.url();
  return settings;
}

const scops::OutputContext context{.host = "board", .user_agent = "scops/test", .tags = {"site:7", "x"}};

// The delivery of logs with the real output behind it and its clock in the test's hand.
struct Line {
  explicit Line(const HttpSink& sink)
      : output(settings_for(sink), context),
        pace(1),
        delivery("test", Kind::logs, output, pace,
                 {.buffer = buffer, .stats = stats, .clock = clock, .settings = {}, .host = "h"}) {}

  void put(const std::vector<LogRecord>& records) { (void)buffer.put(scops::encode_log_block(records)); }
  // Steps until nothing waits; at most `steps` of them.
  void drain(int steps = 200) {
    for (int i = 0; i < steps && !buffer.blocks.empty(); ++i) {
      delivery.hurry();
      (void)delivery.step(5s, {});
    }
  }

  scops::test::FakeClock clock;
  scops::test::PlainBuffer buffer;
  scops::Stats stats;
  Datadog output;
  scops::Pace pace;
  scops::Delivery delivery;
};

}  // namespace

TEST_CASE("contract, dispatch: logs are posted to /v1/input as the intake expects them") {
  HttpSink sink;
  Datadog output(settings_for(sink), context);
  const Reply reply = output.send(logs(2), 5s, {});
  CHECK(reply.verdict == Verdict::accepted);
  const auto request = sink.requests().at(0);
  CHECK(request.method == "POST");
  CHECK(request.target == "/v1/input?api_key=0123456789abcdef");
  CHECK(request.headers.at("content-type") == "application/json");
  CHECK(request.headers.at("content-encoding") == "deflate");
  CHECK(request.headers.at("user-agent") == "scops/test");
  CHECK(reply.bytes == request.raw_body.size());
  const auto sent = logs_of(request);
  REQUIRE(sent.size() == 2);
  CHECK(sent[1].tags == "a:b,site:7,x");
  CHECK(sent[1].host == "board");
  CHECK(sent[1].level == "INFO");
  CHECK(sent[1].service == "web");
  CHECK(sent[1].message == R"({"text":"1"})");
}

TEST_CASE("contract, dispatch: one slash between the base for logs and the path") {
  HttpSink sink;
  DatadogSettings settings = settings_for(sink);
  settings.logs_url += GENERATE("/relay", "/relay/", "/relay///");
  Datadog output(settings, {});
  (void)output.send(logs(), 5s, {});
  CHECK(sink.requests().at(0).target.starts_with("/relay/v1/input?"));
}

TEST_CASE("datadog: the key of logs travels in a header when asked to") {
  HttpSink sink;
  DatadogSettings settings = settings_for(sink);
  settings.key_in = "header";
  Datadog output(settings, {});
  CHECK(output.send(logs(), 5s, {}).verdict == Verdict::accepted);
  CHECK(sink.requests().at(0).target == "/v1/input");
  CHECK(sink.requests().at(0).headers.at("dd-api-key") == "0123456789abcdef");
}

TEST_CASE("datadog: metrics and logs keep one connection each") {
  HttpSink metrics_sink;
  HttpSink logs_sink;
  DatadogSettings settings = settings_for(logs_sink);
  settings.url = metrics_sink.url();
  Datadog output(settings, {});
  for (int i = 0; i < 3; ++i) {
    CHECK(output.send(one_metric(), 5s, {}).verdict == Verdict::accepted);
    CHECK(output.send(logs(), 5s, {}).verdict == Verdict::accepted);
  }
  CHECK(metrics_sink.requests().size() == 3);
  CHECK(metrics_sink.connections() == 1);
  CHECK(logs_sink.requests().size() == 3);
  CHECK(logs_sink.connections() == 1);
}

TEST_CASE("datadog: any 2xx accepts logs, other answers mean what they mean for metrics") {
  HttpSink sink;
  const auto [status, verdict] = GENERATE(table<int, Verdict>({{200, Verdict::accepted},
                                                               {202, Verdict::accepted},
                                                               {204, Verdict::accepted},
                                                               {400, Verdict::refused},
                                                               {403, Verdict::unauthorized},
                                                               {413, Verdict::too_large},
                                                               {503, Verdict::throttled},
                                                               {500, Verdict::retry}}));
  sink.otherwise({.status = status});
  Datadog output(settings_for(sink), {});
  CHECK(output.send(logs(), 5s, {}).verdict == verdict);
}

TEST_CASE("contract, dispatch: no logs send no request") {
  HttpSink sink;
  Datadog output(settings_for(sink), {});
  CHECK(output.send({.kind = Kind::logs}, 5s, {}).verdict == Verdict::accepted);
  CHECK(sink.requests().empty());
}

TEST_CASE("contract, dispatch: 500 logs in a request") {
  HttpSink sink;
  const Datadog output(settings_for(sink), {});
  CHECK(output.limits(Kind::logs).records == 500);
  CHECK_FALSE(output.limits(Kind::logs).immediate);
}

TEST_CASE("datadog: a body of logs above 5 MB is not sent but cut") {
  HttpSink sink;
  Payload large{.kind = Kind::logs};
  for (int i = 0; i < 6; ++i) large.logs.push_back(record(std::string(900'000, 'x')));
  Datadog output(settings_for(sink), context);
  const Reply reply = output.send(large, 5s, {});
  CHECK(reply.verdict == Verdict::too_large);
  CHECK(reply.detail == "body of more than 5000000 bytes of logs");
  CHECK(sink.requests().empty());
  large.logs.pop_back();
  CHECK(output.send(large, 5s, {}).verdict == Verdict::accepted);
}

TEST_CASE("datadog: logs that are too large together arrive in several requests, each once") {
  HttpSink sink;
  Line line(sink);
  for (int i = 0; i < 9; ++i) line.put({record(std::to_string(i) + std::string(1'000'000, 'x'))});
  line.drain();
  CHECK(line.buffer.blocks.empty());
  const auto sent = logs_of(sink.requests());
  REQUIRE(sent.size() == 9);
  for (std::size_t i = 0; i < sent.size(); ++i)
    CHECK(sent[i].message.starts_with(R"({"text":")" + std::to_string(i) + "x"));
}

TEST_CASE("datadog: logs that the intake finds too large arrive in several requests (413)") {
  HttpSink sink;
  sink.script({{.status = 413}, {.status = 413}});
  Line line(sink);
  line.put(logs(40).logs);
  line.drain();
  CHECK(line.buffer.blocks.empty());
  auto requests = sink.requests();
  REQUIRE(requests.size() > 4);
  requests.erase(requests.begin(), requests.begin() + 2);
  CHECK(logs_of(requests).size() == 40);
  for (const auto& request : requests) CHECK(logs_of(request).size() < 20);
}

TEST_CASE("datadog: logs are sent again byte by byte until they are accepted") {
  HttpSink sink;
  sink.script(
      {{.status = 500}, {.fault = scops::test::Fault::reset_after}, {.status = 429}, {.status = 403}});
  Line line(sink);
  line.put(logs(40).logs);
  line.drain(4);
  line.put({record("later")});
  line.drain();
  CHECK(line.buffer.blocks.empty());
  const auto requests = sink.requests();
  REQUIRE(requests.size() == 6);
  for (std::size_t i = 1; i < 5; ++i) CHECK(requests[i].raw_body == requests[0].raw_body);
  CHECK(logs_of(requests[5]).size() == 1);
}

TEST_CASE("datadog: a stored record that is no JSON object is dropped alone, and never sent") {
  HttpSink sink;
  Line line(sink);
  line.put({record("good"), {1, "nonsense"}, record("good")});
  for (int i = 0; i < 6; ++i) {
    line.put({record("later")});
    line.drain(20);
  }
  CHECK(line.buffer.blocks.empty());
  CHECK(logs_of(sink.requests()).size() == 8);
}

TEST_CASE("datadog: the name for the intake of logs of an existing deployment is understood") {
  const std::vector<scops::Section> sections = {scops::datadog_section()};
  CHECK(scops::load(sections, {.environment = {"API_KEY=k", "datadog_logs_url=http://x"}}).problems.empty());
  const auto& loaded = *static_cast<const DatadogSettings*>(sections[0].settings.get());
  CHECK(loaded.logs_url == "http://x");
  CHECK(DatadogSettings().logs_url == "https://http-intake.logs.datadoghq.com");
}

TEST_CASE("datadog: a URL for logs that cannot be used is named, and not shown") {
  DatadogSettings settings;
  settings.api_key.text = "k";
  settings.logs_url = GENERATE("intake.example", "ftp://secret@x", "https://x/?token=secret", "");
  const auto status = check(settings);
  REQUIRE_FALSE(status);
  CHECK(status.error().text.find("DATADOG_LOGS_URL") != std::string::npos);
  CHECK(status.error().text.find("secret") == std::string::npos);
}
