#include "core/io/http_client.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stop_token>
#include <string>
#include <thread>

#include "tests/support/http_sink.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/silent_listener.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tls_server.hpp"

using namespace std::chrono_literals;
using scops::ErrorKind;
using scops::HttpClient;
using scops::HttpMethod;
using scops::HttpRequest;
using scops::HttpResponse;
using scops::HttpTls;
using scops::parse_retry_after;
using scops::Result;
using scops::test::Certificate;
using scops::test::Fault;
using scops::test::HttpSink;
using scops::test::SilentListener;
using scops::test::TlsServer;

namespace {

HttpRequest get(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  return request;
}

HttpRequest post(std::string url, std::string_view body) {
  HttpRequest request = get(std::move(url));
  request.method = HttpMethod::post;
  request.body = body;
  return request;
}

Result<HttpResponse> ask(const HttpRequest& request, const HttpTls& tls = {}) {
  HttpClient client(tls, "scops/test");
  return client.perform(request, {});
}

// An environment variable for the length of a test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("http client: a POST carries method, headers, agent and body") {
  HttpSink sink;
  HttpRequest request = post(sink.url() + "/a?b=c", "hello");
  request.headers = {"Content-Type: text/plain", "X-One: 1"};
  const auto response = ask(request);
  REQUIRE(response);
  CHECK(response->status == 202);
  const auto sent = sink.requests().at(0);
  CHECK(sent.method == "POST");
  CHECK(sent.target == "/a?b=c");
  CHECK(sent.body == "hello");
  CHECK(sent.headers.at("content-type") == "text/plain");
  CHECK(sent.headers.at("x-one") == "1");
  CHECK(sent.headers.at("user-agent") == "scops/test");
}

TEST_CASE("http client: a GET returns status, type and body") {
  HttpSink sink;
  sink.script({{.status = 418, .headers = {"Content-Type: application/json"}, .body = "{}"}});
  const auto response = ask(get(sink.url()));
  REQUIRE(response);
  CHECK(response->status == 418);
  CHECK(response->content_type == "application/json");
  CHECK(response->body == "{}");
  CHECK(response->whole);
  CHECK(sink.requests().at(0).method == "GET");
}

TEST_CASE("http client: requests share one connection") {
  HttpSink sink;
  HttpClient client({}, "scops/test");
  for (int i = 0; i < 3; ++i) REQUIRE(client.perform(post(sink.url(), "x"), {}));
  CHECK(sink.connections() == 1);
}

TEST_CASE("http client: a large body goes out without waiting for a 100 Continue") {
  HttpSink sink;
  const std::string body(3'000'000, 'x');
  REQUIRE(ask(post(sink.url(), body)));
  CHECK(sink.requests().at(0).body.size() == body.size());
  CHECK(sink.requests().at(0).headers.count("expect") == 0);
}

TEST_CASE("http client: a redirect is an answer like any other") {
  HttpSink sink;
  sink.script({{.status = 302, .headers = {"Location: http://elsewhere.invalid/"}}});
  const auto response = ask(get(sink.url()));
  REQUIRE(response);
  CHECK(response->status == 302);
  CHECK(sink.requests().size() == 1);
}

TEST_CASE("http client: what goes wrong on the way has a name") {
  HttpSink sink;
  const auto [fault, text] = GENERATE(table<Fault, std::string>({
      {Fault::reset_in_request, "connection reset"},
      {Fault::reset_after, "connection reset"},
      {Fault::half, "the answer ends in its head"},
      {Fault::garbage, "the answer is not HTTP"},
      {Fault::stall, "timeout: no answer"},
  }));
  sink.otherwise({.fault = fault});
  HttpRequest request = post(sink.url() + "/?key=secret", std::string_view("x"));
  request.timeout = 300ms;
  const auto response = ask(request);
  REQUIRE_FALSE(response);
  CHECK(response.error().kind == ErrorKind::retry);
  CHECK(response.error().text == text);
}

TEST_CASE("http client: a refused connection has a name") {
  std::string url;
  {
    const HttpSink sink;
    url = sink.url();
  }
  const auto response = ask(get(url));
  REQUIRE_FALSE(response);
  CHECK(response.error().text == "connect: refused");
}

TEST_CASE("http client: a name that does not resolve has a name") {
  const auto response = ask(get("http://nowhere.invalid/?key=secret"));
  REQUIRE_FALSE(response);
  CHECK(response.error().text == "DNS: name not found");
}

TEST_CASE("http client: a URL of another scheme is refused without showing it") {
  const std::string url = GENERATE("ftp://127.0.0.1/secret", "file:///etc/secret", "gopher://x/secret");
  const auto response = ask(get(url));
  REQUIRE_FALSE(response);
  CHECK(response.error().kind == ErrorKind::refused);
  CHECK(response.error().text == "the URL is neither http nor https");
}

TEST_CASE("http client: the status holds although the body never ends, stops or is cut off") {
  HttpSink sink;
  sink.otherwise({.status = 202, .fault = GENERATE(Fault::endless_body, Fault::trickle, Fault::half_body)});
  HttpRequest request = post(sink.url(), "x");
  request.timeout = 500ms;
  request.body_max = 10'000;
  const auto response = ask(request);
  REQUIRE(response);
  CHECK(response->status == 202);
  CHECK_FALSE(response->whole);
  CHECK(response->body.size() <= 10'000);
}

TEST_CASE("http client: an endless head is cut") {
  HttpSink sink;
  sink.otherwise({.headers = {std::string("X-Long: ") + std::string(50'000, 'x'),
                              std::string("X-Longer: ") + std::string(50'000, 'x')}});
  const auto response = ask(get(sink.url()));
  REQUIRE_FALSE(response);
  CHECK(response.error().text == "the head of the answer is too long");
}

TEST_CASE("http client: an answer that begins with a folded header harms no later request") {
  HttpSink sink;
  sink.otherwise({.headers = {" folded: x", "X-A: b", "\tfolded"}});
  HttpClient client({}, "scops/test");
  for (int i = 0; i < 5; ++i) (void)client.perform(post(sink.url(), "x"), {});
  sink.otherwise({});
  CHECK(client.perform(post(sink.url(), "x"), {}));
}

TEST_CASE("http client: it works again after each fault") {
  HttpSink sink;
  HttpClient client({}, "scops/test");
  for (const Fault fault :
       {Fault::reset_after, Fault::half, Fault::garbage, Fault::endless_body, Fault::half_body}) {
    sink.script({{.fault = fault}});
    (void)client.perform(post(sink.url(), "x"), {});
    sink.script({});  // a lost connection may have been tried twice
    const auto response = client.perform(post(sink.url(), "x"), {});
    REQUIRE(response);
    CHECK(response->whole);
  }
}

TEST_CASE("http client: a stop ends a request that hangs") {
  HttpSink sink;
  sink.otherwise({.fault = Fault::stall});
  std::stop_source source;
  std::jthread stopper([&] {
    (void)sink.wait_for(1);
    source.request_stop();
  });
  HttpClient client({}, "scops/test");
  HttpRequest request = get(sink.url());
  request.timeout = 1min;
  const auto began = std::chrono::steady_clock::now();
  const auto response = client.perform(request, source.get_token());
  REQUIRE_FALSE(response);
  CHECK(response.error().text == "stopped");
  CHECK(std::chrono::steady_clock::now() - began < 10s);
}

TEST_CASE("http client: a stop that came before starts nothing") {
  HttpSink sink;
  std::stop_source source;
  source.request_stop();
  HttpClient client({}, "scops/test");
  CHECK_FALSE(client.perform(get(sink.url()), source.get_token()));
  CHECK(sink.requests().empty());
}

TEST_CASE("http client: a proxy named by the variable is used, and asked to resolve the name") {
  HttpSink proxy;
  const Variable variable("http_proxy", proxy.url());
  const auto response = ask(post("http://intake.invalid/api/v1/series", "x"));
  REQUIRE(response);
  CHECK(proxy.requests().at(0).target == "http://intake.invalid/api/v1/series");
}

TEST_CASE("http client: no_proxy and a direct request go past the proxy") {
  HttpSink proxy;
  HttpSink sink;
  const Variable variable("http_proxy", proxy.url());
  HttpRequest request = get(sink.url());
  SECTION("direct") { request.direct = true; }
  SECTION("no_proxy") { ::setenv("no_proxy", "127.0.0.1", 1); }
  CHECK(ask(request));
  ::unsetenv("no_proxy");
  CHECK(proxy.requests().empty());
  CHECK(sink.requests().size() == 1);
}

TEST_CASE("http client: a proxy that refuses the tunnel is named as such") {
  HttpSink proxy;
  proxy.otherwise({.status = 407});
  const Variable variable("https_proxy", proxy.url());
  const auto response = ask(get("https://intake.invalid/"));
  REQUIRE_FALSE(response);
  CHECK(response.error().text == "proxy: HTTP 407");
  CHECK(proxy.requests().at(0).method == "CONNECT");
  CHECK(proxy.requests().at(0).target == "intake.invalid:443");
}

TEST_CASE("http client: a certificate of our own authority is accepted") {
  const TlsServer server(Certificate::good);
  const auto response = ask(get(server.url()), {.ca_file = server.ca_file()});
  REQUIRE(response);
  CHECK(response->status == 200);
}

TEST_CASE("http client: an unknown authority is refused") {
  const TlsServer server(Certificate::good);
  const auto response = ask(get(server.url()));
  REQUIRE_FALSE(response);
  CHECK(response.error().kind == ErrorKind::retry);
  CHECK(response.error().text == "TLS: unknown certificate authority");
}

TEST_CASE("http client: a certificate that does not fit is refused in words of its own") {
  const auto [certificate, text] = GENERATE(table<Certificate, std::string>({
      {Certificate::expired, "TLS: the certificate has expired (is the clock right?)"},
      {Certificate::not_yet_valid, "TLS: the certificate is not valid yet (is the clock right?)"},
      {Certificate::other_name, "TLS: the certificate is for another host name"},
  }));
  const TlsServer server(certificate);
  const auto response = ask(get(server.url()), {.ca_file = server.ca_file()});
  REQUIRE_FALSE(response);
  CHECK(response.error().text == text);
}

TEST_CASE("http client: without verification anybody may answer") {
  const TlsServer server(Certificate::expired);
  CHECK(ask(get(server.url()), {.verify = false}));
}

TEST_CASE("http client: a client certificate is shown where one is asked for") {
  const TlsServer server(Certificate::good, true);
  CHECK_FALSE(ask(get(server.url()), {.ca_file = server.ca_file()}));
  CHECK(
      ask(get(server.url()),
          {.ca_file = server.ca_file(), .cert_file = server.client_cert(), .key_file = server.client_key()}));
}

TEST_CASE("http client: unusable certificate files are a matter of configuration") {
  const scops::test::TempDir folder;
  std::ofstream(folder / "bad.pem") << "not a certificate";
  const TlsServer server(Certificate::good);
  const auto no_ca = ask(get(server.url()), {.ca_file = folder / "missing.pem"});
  REQUIRE_FALSE(no_ca);
  CHECK(no_ca.error().text == "TLS: the file of authorities is unusable");
  CHECK(no_ca.error().kind == ErrorKind::refused);
  const auto bad_cert =
      ask(get(server.url()),
          {.ca_file = server.ca_file(), .cert_file = folder / "bad.pem", .key_file = folder / "bad.pem"});
  REQUIRE_FALSE(bad_cert);
  CHECK(bad_cert.error().text == "TLS: our certificate or key is unusable");
}

TEST_CASE("http client: a handshake that is cut is a failure to try again") {
  HttpSink sink;
  sink.otherwise({.fault = Fault::reset_in_request});
  const auto response = ask(get("https://127.0.0.1:" + std::to_string(sink.port())));
  REQUIRE_FALSE(response);
  CHECK(response.error().kind == ErrorKind::retry);
}

TEST_CASE("retry-after: seconds") {
  CHECK(parse_retry_after("120", "") == 120s);
  CHECK(parse_retry_after(" 0 ", "") == 0s);
}

TEST_CASE("retry-after: a date counts from the answer's own date") {
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", "Sun, 06 Nov 1994 08:49:37 GMT") == 30s);
}

TEST_CASE("retry-after: what says nothing usable is 0, and nothing is longer than a day") {
  CHECK(parse_retry_after("", "") == 0s);
  CHECK(parse_retry_after("soon", "later") == 0s);
  CHECK(parse_retry_after("-5", "") == 0s);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", "") == 0s);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:50:07 GMT") == 0s);
  CHECK(parse_retry_after("99999999999", "") == 24h);
}

TEST_CASE("http client: a body that was not sent in time is told from an answer that did not come") {
  if (!SilentListener::can_tell_unsent()) {
    return scops::test::left_out("this kernel, or its emulator, does not tell what a socket has not sent");
  }
  const SilentListener listener(4096);
  const std::string body(GENERATE(std::size_t{300'000}, std::size_t{30'000'000}, std::size_t{10}), 'x');
  HttpClient client({}, "test");
  HttpRequest request;
  request.method = HttpMethod::post;
  request.url = listener.url();
  request.body = body;
  request.timeout = std::chrono::milliseconds(200);
  CHECK_FALSE(client.perform(request, {}));  // nobody reads it
  CHECK(client.cut_short() == (body.size() > 10));
}

TEST_CASE("http client: a request that was read and not answered was not cut short") {
  HttpSink sink;
  sink.otherwise({.fault = Fault::stall});
  const std::string body(300'000, 'x');
  HttpClient client({}, "test");
  HttpRequest request;
  request.method = HttpMethod::post;
  request.url = sink.url();
  request.body = body;
  request.timeout = std::chrono::milliseconds(500);
  CHECK_FALSE(client.perform(request, {}));
  if (sink.wait_for(1, std::chrono::milliseconds(0))) CHECK_FALSE(client.cut_short());
}
