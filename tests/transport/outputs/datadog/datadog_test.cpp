#include "transport/outputs/datadog/datadog.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/check_tables.hpp"
#include "core/config/load.hpp"
#include "core/io/json.hpp"
#include "core/runtime/log.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/tls_server.hpp"

using namespace std::chrono_literals;
using scops::Datadog;
using scops::DatadogSettings;
using scops::JsonDoc;
using scops::Kind;
using scops::Payload;
using scops::Reply;
using scops::SampleSet;
using scops::Verdict;
using scops::test::captive_portal;
using scops::test::Certificate;
using scops::test::Fault;
using scops::test::HttpSink;
using scops::test::PointId;
using scops::test::points_of;
using scops::test::SinkAnswer;
using scops::test::TlsServer;

namespace {

constexpr std::string_view key = "0123456789abcdef+/=";

Payload samples(int count = 1) {
  SampleSet set;
  set.series.emplace_back();
  set.series[0].name = "host.la";
  for (int i = 0; i < count; ++i) set.samples.push_back({0, 1'700'000'000'000 + i * 1000, 0.5 + i});
  return {.metrics = set};
}

DatadogSettings settings_for(const std::string& url) {
  DatadogSettings settings;
  settings.api_key.text = key;
  settings.url = url;
  return settings;
}

Reply send_to(const HttpSink& sink, std::chrono::milliseconds timeout = 5s) {
  Datadog output(settings_for(sink.url()), {.host = "board", .user_agent = "scops/test"});
  return output.send(samples(), timeout, {});
}

std::string logged;  // what log::set_sink() has caught
void catch_log(std::string_view line) { logged += line; }

}  // namespace

TEST_CASE("datadog: the request is what the intake expects") {
  HttpSink sink;
  const Reply reply = send_to(sink);
  CHECK(reply.verdict == Verdict::accepted);
  CHECK(reply.code == 202);
  const auto request = sink.requests().at(0);
  CHECK(request.method == "POST");
  CHECK(request.target == "/v1/series?api_key=0123456789abcdef%2B%2F%3D");
  CHECK(request.headers.at("content-type") == "application/json");
  CHECK(request.headers.at("content-encoding") == "deflate");
  CHECK(request.headers.at("user-agent") == "scops/test");
  CHECK(reply.bytes == request.raw_body.size());
  const auto doc = JsonDoc::parse(request.body);
  REQUIRE(doc);
  const auto series = doc->root()["series"].at(0);
  CHECK(series["metric"].text() == "host.la");
  CHECK(series["host"].text() == "board");
  CHECK(series["points"].at(0).at(0).number() == 1'700'000'000);
  CHECK(series["points"].at(0).at(1).number() == 0.5);
}

TEST_CASE("datadog: v3 sends the same points in columns, compressed with zstd, with the key in a header") {
  HttpSink sink;
  DatadogSettings settings = settings_for(sink.url() + "/api");
  settings.series = "v3";
  Datadog output(settings, {.host = "board", .user_agent = "scops/test"});
  const Reply reply = output.send(samples(), 5s, {});
  CHECK(reply.verdict == Verdict::accepted);
  const auto request = sink.requests().at(0);
  CHECK(request.target == "/api/intake/metrics/v3/series");
  CHECK(request.headers.at("content-type") == "application/x-protobuf");
  CHECK(request.headers.at("content-encoding") == "zstd");
  CHECK(request.headers.at("dd-api-key") == key);
  CHECK(reply.bytes == request.raw_body.size());
  const auto points = points_of(request);
  REQUIRE(points.size() == 1);
  CHECK(points[0].id == PointId{"host.la", "", 1'700'000'000'000});
  CHECK(points[0].value == 0.5);
  CHECK(points[0].host == "board");
}

TEST_CASE("datadog: v3 sends no body that its intake would refuse for its length, compressed or not") {
  HttpSink sink;
  DatadogSettings settings = settings_for(sink.url() + "/api");
  settings.series = "v3";
  Datadog output(settings, {});
  Payload payload;
  const bool compresses_well = GENERATE(true, false);
  std::uint64_t noise = 1;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    noise = noise * 6364136223846793005U + 1442695040888963407U;
    const std::string name = fmt::format("{:060}", compresses_well ? i : noise);
    payload.metrics.series.push_back({.name = name, .tags = {}, .type = {}, .interval_s = 0});
    payload.metrics.samples.push_back({i, 1'700'000'000'000, static_cast<double>(noise)});
    if (!compresses_well && i == 40'000) break;
  }
  CHECK(output.send(payload, 5s, {}).verdict == Verdict::too_large);
  CHECK(sink.requests().empty());
}

TEST_CASE("datadog: v3 sends no more points at once than its intake takes, whatever METRICS_BULK_SIZE says") {
  const auto [wanted, sent] = GENERATE(std::pair{77, 77}, std::pair{20'000, 10'000}, std::pair{0, 10'000});
  DatadogSettings settings = settings_for("https://intake.example");
  settings.series = "v3";
  settings.bulk_size = wanted;
  CHECK(Datadog(settings, {}).limits(Kind::metrics).records == static_cast<std::uint32_t>(sent));
}

TEST_CASE("datadog: v3 is for metrics, logs go where they went") {
  HttpSink sink;
  DatadogSettings settings = settings_for(sink.url());
  settings.logs_url = sink.url();
  settings.series = "v3";
  Datadog output(settings, {});
  CHECK(output.send({.kind = Kind::logs, .logs = {{.json = R"({"message":"a"})"}}}, 5s, {}).verdict ==
        Verdict::accepted);
  CHECK(sink.requests().at(0).target.starts_with("/v1/input?api_key="));
  CHECK(sink.requests().at(0).headers.at("content-encoding") == "deflate");
}

TEST_CASE("datadog: the key travels in a header when asked to") {
  HttpSink sink;
  DatadogSettings settings = settings_for(sink.url());
  settings.key_in = "header";
  Datadog output(settings, {});
  CHECK(output.send(samples(), 5s, {}).verdict == Verdict::accepted);
  CHECK(sink.requests().at(0).target == "/v1/series");
  CHECK(sink.requests().at(0).headers.at("dd-api-key") == key);
}

TEST_CASE("contract 4: one slash between base and path, whatever the base ends with") {
  HttpSink sink;
  const std::string base = GENERATE("/api", "/api/", "/api///");
  Datadog output(settings_for(sink.url() + base), {});
  (void)output.send(samples(), 5s, {});
  CHECK(sink.requests().at(0).target.starts_with("/api/v1/series?"));
}

TEST_CASE("datadog: the same samples give the same bytes on one connection") {
  HttpSink sink;
  Datadog output(settings_for(sink.url()), {});
  (void)output.send(samples(500), 5s, {});
  (void)output.send(samples(500), 5s, {});
  CHECK(sink.requests().at(0).raw_body == sink.requests().at(1).raw_body);
  CHECK(sink.connections() == 1);
}

TEST_CASE("datadog: each status has its verdict") {
  HttpSink sink;
  const auto [status, verdict] = GENERATE(table<int, Verdict>({
      {200, Verdict::accepted},
      {202, Verdict::accepted},
      {204, Verdict::accepted},
      {299, Verdict::accepted},
      {301, Verdict::retry},
      {304, Verdict::retry},
      {400, Verdict::refused},
      {401, Verdict::unauthorized},
      {403, Verdict::unauthorized},
      {404, Verdict::retry},
      {408, Verdict::retry},
      {413, Verdict::too_large},
      {422, Verdict::refused},
      {429, Verdict::throttled},
      {500, Verdict::retry},
      {502, Verdict::retry},
      {503, Verdict::throttled},
      {504, Verdict::retry},
  }));
  sink.otherwise({.status = status});
  const Reply reply = send_to(sink);
  CHECK(reply.verdict == verdict);
  CHECK(reply.code == status);
}

TEST_CASE("datadog: Retry-After is handed on") {
  HttpSink sink;
  sink.otherwise({.status = 429, .headers = {"Retry-After: 17"}});
  CHECK(send_to(sink).retry_after == 17s);
}

TEST_CASE("datadog: a captive portal has accepted nothing") {
  HttpSink sink;
  sink.otherwise(captive_portal());
  const Reply reply = send_to(sink);
  CHECK(reply.verdict == Verdict::retry);
  CHECK(reply.detail == "HTTP 200, an HTML page instead of an answer (captive portal?)");
}

TEST_CASE("datadog: a page is known by its bytes or by its type, a plain word of a relay is an answer") {
  HttpSink sink;
  const std::string html = "Content-Type: text/html; charset=utf-8";
  const SinkAnswer page =
      GENERATE_COPY(SinkAnswer{.status = 200, .body = "\xef\xbb\xbf<html>"},
                    SinkAnswer{.status = 200, .headers = {html}, .body = "Welcome <a href=/login>log in</a>"},
                    SinkAnswer{.status = 200, .headers = {html}, .body = "\x1f\x8b squeezed"},
                    SinkAnswer{.status = 200, .headers = {html}, .body = "", .fault = Fault::half_body});
  sink.script({page, {.status = 200, .headers = {html}, .body = "ok"}});
  CHECK(send_to(sink).verdict == Verdict::retry);
  CHECK(send_to(sink).verdict == Verdict::accepted);
}

TEST_CASE("datadog: no answer is a reason to try again") {
  HttpSink sink;
  sink.otherwise({.fault = GENERATE(Fault::reset_in_request, Fault::reset_after, Fault::stall, Fault::half,
                                    Fault::garbage)});
  const Reply reply = send_to(sink, 300ms);
  CHECK(reply.verdict == Verdict::retry);
  CHECK(reply.code == 0);
  CHECK_FALSE(reply.detail.empty());
}

TEST_CASE("datadog: a 202 counts, whatever becomes of its body") {
  HttpSink sink;
  sink.otherwise({.fault = GENERATE(Fault::endless_body, Fault::trickle, Fault::half_body)});
  CHECK(send_to(sink, 300ms).verdict == Verdict::accepted);
}

TEST_CASE("datadog: a server that nobody vouches for gets nothing") {
  const TlsServer server(Certificate::good);
  Datadog output(settings_for(server.url()), {});
  const Reply reply = output.send(samples(), 5s, {});
  CHECK(reply.verdict == Verdict::retry);
  CHECK(reply.detail == "TLS: unknown certificate authority");
}

TEST_CASE("datadog: requests go through the proxy of the environment") {
  HttpSink proxy;
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  Datadog output(settings_for("http://intake.invalid/api"), {});
  CHECK(output.send(samples(), 5s, {}).verdict == Verdict::accepted);
  ::unsetenv("http_proxy");
  CHECK(proxy.requests().at(0).target.starts_with("http://intake.invalid/api/v1/series?"));
}

TEST_CASE("datadog: nothing to send sends nothing") {
  HttpSink sink;
  Datadog output(settings_for(sink.url()), {});
  CHECK(output.send({}, 5s, {}).verdict == Verdict::accepted);
  CHECK(sink.requests().empty());
}

TEST_CASE("datadog: a body above the limit is not sent but cut") {
  HttpSink sink;
  DatadogSettings settings = settings_for(sink.url());
  settings.bytes_max.count = 100;
  Datadog output(settings, {});
  const Reply reply = output.send(samples(2000), 5s, {});
  CHECK(reply.verdict == Verdict::too_large);
  CHECK(reply.code == 0);
  CHECK(sink.requests().empty());
}

TEST_CASE("datadog: an answer that quotes the key does not bring it into the details") {
  HttpSink sink;
  sink.otherwise(
      {.status = 400,
       .body = "bad request: /v1/series?api_key=0123456789abcdef%2B%2F%3D, key 0123456789abcdef+/="});
  const Reply reply = send_to(sink);
  CHECK(reply.detail == "HTTP 400: bad request: /v1/series?api_key=***, key ***");
}

TEST_CASE("datadog: details are one printable line") {
  HttpSink sink;
  sink.otherwise({.status = 500, .body = "one\ntwo\x1b[31m" + std::string(10'000, 'x')});
  const Reply reply = send_to(sink);
  CHECK(reply.detail.find('\n') == std::string::npos);
  CHECK(reply.detail.find('\x1b') == std::string::npos);
  CHECK(reply.detail.size() < 200);
}

TEST_CASE("datadog: without a usable key or URL it says which option is wrong, and not what is in it") {
  DatadogSettings settings = settings_for("https://intake.example/api");
  std::string option;
  SECTION("no key") {
    settings.api_key.text = "";
    option = "API_KEY";
  }
  SECTION("a key that could break out of its header") {
    settings.api_key.text = "secret\r\nX-Other: 1";
    option = "API_KEY";
  }
  SECTION("no scheme") {
    settings.url = "intake.example";
    option = "DATADOG_URL";
  }
  SECTION("another scheme") {
    settings.url = "ftp://secret@intake.example";
    option = "DATADOG_URL";
  }
  SECTION("a query") {
    settings.url = "https://intake.example/?token=secret";
    option = "DATADOG_URL";
  }
  SECTION("half a client certificate") {
    settings.client_cert = "/secret.pem";
    option = "client_cert";
  }
  const auto output = scops::datadog_output.make(&settings, {});
  REQUIRE_FALSE(output);
  CHECK(output.error().kind == scops::ErrorKind::refused);
  CHECK(output.error().text.find(option) != std::string::npos);
  CHECK(output.error().text.find("secret") == std::string::npos);
}

TEST_CASE("contract 4: the limit of a bulk is METRICS_BULK_SIZE") {
  DatadogSettings settings = settings_for("https://intake.example");
  settings.bulk_size = 77;
  CHECK(Datadog(settings, {}).limits(Kind::metrics).records == 77);
  CHECK_FALSE(Datadog(settings, {}).limits(Kind::metrics).immediate);
}

TEST_CASE("datadog: unverified TLS is said aloud, and no line holds the key") {
  logged.clear();
  scops::log::set_sink(catch_log);
  const std::vector<scops::Section> sections = {scops::datadog_section()};
  const auto loaded =
      scops::load(sections, {.environment = {"API_KEY=" + std::string(key), "SCOPS_DATADOG_VERIFY=false"}});
  const auto output = scops::datadog_output.make(sections[0].settings.get(), {});
  scops::log::warn("dispatch", "send_failed", {{"error", std::string("key ") + std::string(key)}});
  scops::log::warn("dispatch", "send_failed", {{"error", "escaped 0123456789abcdef%2B%2F%3D"}});
  scops::log::set_sink(nullptr);
  CHECK(loaded.problems.empty());
  CHECK(output);
  CHECK(logged.find("tls_unverified") != std::string::npos);
  CHECK(logged.find("0123456789abcdef") == std::string::npos);
}

TEST_CASE("datadog settings: the table keeps the law, and its defaults are those of the struct") {
  const std::vector<scops::Section> sections = {scops::datadog_section()};
  CHECK(scops::check_tables(sections).empty());
  CHECK(scops::load(sections, {}).problems.empty());
  const auto& loaded = *static_cast<const DatadogSettings*>(sections[0].settings.get());
  const DatadogSettings plain;
  CHECK(loaded.api_key.text == plain.api_key.text);
  CHECK(loaded.url == plain.url);
  CHECK(loaded.key_in == plain.key_in);
  CHECK(loaded.bulk_size == plain.bulk_size);
  CHECK(loaded.bytes_max.count == plain.bytes_max.count);
  CHECK(loaded.ca == plain.ca);
  CHECK(loaded.verify == plain.verify);
}

TEST_CASE("datadog settings: the names of an existing deployment are understood") {
  const std::vector<scops::Section> sections = {scops::datadog_section()};
  const auto problems =
      scops::load(sections, {.environment = {"API_KEY=k", "datadog_url=http://x/api", "METRICS_BULK_SIZE=0"}})
          .problems;
  CHECK(problems.empty());
  const auto& loaded = *static_cast<const DatadogSettings*>(sections[0].settings.get());
  CHECK(loaded.api_key.text == "k");
  CHECK(loaded.url == "http://x/api");
  CHECK(loaded.bulk_size == 0);
}
