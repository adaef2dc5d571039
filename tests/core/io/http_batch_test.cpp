// Several requests at once, and unix sockets: HttpClient against an engine that takes its time.

#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/io/http_client.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/temp_dir.hpp"

using namespace std::chrono_literals;
using namespace scops;
using scops::test::FakeEngine;
using scops::test::TempDir;

namespace {

std::vector<HttpRequest> requests_to(const std::string& socket, int count) {
  std::vector<HttpRequest> requests;
  for (int i = 0; i < count; ++i) {
    requests.push_back({.url = "http://engine/" + std::to_string(i), .unix_socket = socket});
  }
  return requests;
}

FakeEngine::Answer echo(const std::string& target) { return {.body = target}; }

}  // namespace

TEST_CASE("http client: a request goes to a unix socket") {
  const TempDir dir;
  const FakeEngine engine(dir / "s", echo);
  HttpClient client({}, "scops/test");
  const auto response = client.perform({.url = "http://engine/a?b", .unix_socket = dir / "s"}, {});
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body == "/a?b");
}

TEST_CASE("http client: a unix socket that is not there is an error with a reason") {
  const TempDir dir;
  HttpClient client({}, "scops/test");
  const auto response = client.perform({.url = "http://engine/", .unix_socket = dir / "s"}, {});
  REQUIRE_FALSE(response);
  CHECK(response.error().kind == ErrorKind::retry);
  CHECK(response.error().text.starts_with("connect: "));
}

TEST_CASE("http client: every request of a batch gets its own answer, once") {
  const TempDir dir;
  const FakeEngine engine(dir / "s", echo);
  HttpClient client({}, "scops/test");
  std::set<std::size_t> told;
  client.perform_all(requests_to(dir / "s", 25), {.parallel = 4}, {},
                     [&](std::size_t index, const Result<HttpResponse>& response) {
                       REQUIRE(response);
                       CHECK(response->body == "/" + std::to_string(index));
                       CHECK(told.insert(index).second);
                     });
  CHECK(told.size() == 25);
}

TEST_CASE("http client: a batch keeps its limit of requests at a time, and its connections for the next") {
  const TempDir dir;
  const FakeEngine engine(dir / "s", [](const std::string&) { return FakeEngine::Answer{.after = 20ms}; });
  HttpClient client({}, "scops/test");
  const auto requests = requests_to(dir / "s", 12);
  for (int round = 0; round < 2; ++round) {
    client.perform_all(requests, {.parallel = 3}, {}, [](std::size_t, const Result<HttpResponse>&) {});
  }
  CHECK(engine.most_at_once() <= 3);
  CHECK(engine.most_at_once() > 1);
  CHECK(engine.connections() <= 3);
}

TEST_CASE("http client: a batch ends at its deadline, with what came by then") {
  const TempDir dir;
  const FakeEngine engine(dir / "s", [](const std::string& target) {
    return FakeEngine::Answer{.after = target == "/0" || target == "/1" ? 0ms : 10s};
  });
  HttpClient client({}, "scops/test");
  const auto begun = std::chrono::steady_clock::now();
  int answered = 0;
  int failed = 0;
  client.perform_all(requests_to(dir / "s", 8), {.parallel = 2, .deadline = 2s}, {},
                     [&](std::size_t, const Result<HttpResponse>& response) {
                       ++(response ? answered : failed);
                       if (!response) CHECK(response.error().text.starts_with("timeout"));
                     });
  CHECK(answered == 2);
  CHECK(failed == 6);
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

TEST_CASE("http client: a socket whose queue is full is asked by fewer at once, and answers all") {
  const TempDir dir;
  const FakeEngine engine(dir / "s", echo, 0);
  HttpClient client({}, "scops/test");
  int answered = 0;
  client.perform_all(
      requests_to(dir / "s", 40), {.parallel = 20}, {},
      [&](std::size_t, const Result<HttpResponse>& response) { answered += response ? 1 : 0; });
  CHECK(answered == 40);
}

TEST_CASE("http client: a stop ends a batch, and every request is told") {
  const TempDir dir;
  const FakeEngine engine(dir / "s", [](const std::string&) { return FakeEngine::Answer{.after = 10s}; });
  HttpClient client({}, "scops/test");
  std::stop_source stop;
  const std::jthread stopper([&stop, &engine] {
    while (engine.targets().empty()) std::this_thread::yield();
    stop.request_stop();
  });
  int stopped = 0;
  client.perform_all(requests_to(dir / "s", 5), {.parallel = 2}, stop.get_token(),
                     [&](std::size_t, const Result<HttpResponse>& response) {
                       REQUIRE_FALSE(response);
                       CHECK(response.error().text == "stopped");
                       ++stopped;
                     });
  CHECK(stopped == 5);
}

TEST_CASE("http client: the bodies of a batch are bounded each") {
  const TempDir dir;
  const FakeEngine engine(
      dir / "s", [](const std::string&) { return FakeEngine::Answer{.body = std::string(5000, 'x')}; });
  HttpClient client({}, "scops/test");
  auto requests = requests_to(dir / "s", 3);
  for (HttpRequest& request : requests) request.body_max = 1000;
  client.perform_all(requests, {}, {}, [](std::size_t, const Result<HttpResponse>& response) {
    REQUIRE(response);
    CHECK(response->body.size() == 1000);
    CHECK_FALSE(response->whole);
  });
}
