#include "collectors/pull/k8s/kubelet.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>
#include <string_view>

#include "collectors/pull/k8s/k8s.hpp"
#include "core/config/load.hpp"
#include "tests/collectors/recording_emit.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/fake_kubelet.hpp"
#include "tests/support/fake_peer.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tls_server.hpp"

using namespace scops;
using namespace scops::k8s;
using test::Certificate;
using test::FakeKubelet;

namespace {

constexpr const char* summary = R"({"node":{"nodeName":"n","fs":{"inodesFree":5}},"pods":[]})";

// Defaults for a kubelet on the loopback interface, on a machine without a service account.
K8sSettings settings_for(int port) {
  const Section section = k8s_section();
  const std::vector<Section> sections{section};
  REQUIRE(load(sections, {.flags = {}, .environment = {}, .file = {}}).problems.empty());
  K8sSettings settings = *static_cast<const K8sSettings*>(section.settings.get());
  settings.host = "127.0.0.1";
  settings.port = port;
  settings.service_account = "/nowhere";
  return settings;
}

K8sSettings settings_for(const FakeKubelet& kubelet) {
  K8sSettings settings = settings_for(kubelet.port());
  settings.ca_file = kubelet.certificates().ca_file();
  return settings;
}

void show_certificate(K8sSettings& settings, const FakeKubelet& kubelet) {
  settings.cert_file = kubelet.certificates().client_cert();
  settings.key_file = kubelet.certificates().client_key();
}

Result<std::string> ask(const K8sSettings& settings) { return Kubelet(settings, "scops/test").summary(); }

std::string why_not(const K8sSettings& settings) {
  const Result<std::string> answer = ask(settings);
  return answer ? "it answered" : answer.error().text;
}

bool says(const std::string& text, std::string_view part) {
  CAPTURE(text, part);
  CHECK(text.find(part) != std::string::npos);
  CHECK(text.find('\n') == std::string::npos);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("k8s: a client certificate opens the kubelet, and its summary is sent") {
  const FakeKubelet kubelet(summary);
  K8sSettings settings = settings_for(kubelet);
  show_certificate(settings, kubelet);
  test::RecordingEmit emit;
  REQUIRE(make_k8s(settings, "scops/test")->collect(emit).has_value());
  CHECK(emit.lines ==
        std::vector<std::string>{"k8s.node.fs.inodesFree node_name:n = 5", "k8s.pods.running = 0"});
}

TEST_CASE("k8s: a bearer token is read again for each capture") {
  const FakeKubelet kubelet(summary);
  const test::TempDir dir;
  K8sSettings settings = settings_for(kubelet);
  settings.token_file = dir / "token";
  std::ofstream(dir / "token") << "first\n";
  kubelet.accept_token("first");
  Kubelet client(settings, "scops/test");
  CHECK(client.summary().has_value());
  kubelet.accept_token("second");
  CHECK_FALSE(client.summary().has_value());
  std::ofstream(dir / "token") << "second\n";
  CHECK(client.summary().has_value());
}

TEST_CASE("k8s: in a pod the service account's token and authority are the defaults") {
  const FakeKubelet kubelet(summary);
  const test::TempDir dir;
  std::ofstream(dir / "token") << "of-the-account";
  std::ofstream(dir / "ca.crt") << std::ifstream(kubelet.certificates().ca_file()).rdbuf();
  kubelet.accept_token("of-the-account");
  K8sSettings settings = settings_for(kubelet.port());
  settings.service_account = dir.path();
  CHECK(why_not(settings) == "it answered");
}

TEST_CASE("k8s: refusals are told apart and say what to do") {
  const FakeKubelet kubelet(summary);
  const test::TempDir dir;
  K8sSettings settings = settings_for(kubelet);
  CHECK(says(why_not(settings), "HTTP 401: the kubelet wants to know who asks: set K8S_CERT_PATH"));
  settings.token_file = dir / "token";
  std::ofstream(dir / "token") << "s3cret";
  const std::string unknown = why_not(settings);
  CHECK(says(unknown, "HTTP 401: the kubelet does not accept the token in " + settings.token_file));
  CHECK(unknown.find("s3cret") == std::string::npos);
  std::ofstream(dir / "token") << "forbidden";
  CHECK(says(why_not(settings), "HTTP 403: we may not read it: grant get on nodes/stats"));
  show_certificate(settings, kubelet);
  settings.token_file.clear();
  settings.path = "/elsewhere";
  CHECK(says(why_not(settings), "HTTP 404: no such page; see SCOPS_K8S_PATH"));
}

TEST_CASE("k8s: a deployment of the Python agent, which has no authority, is told which variable to set") {
  const FakeKubelet kubelet(summary);
  K8sSettings settings = settings_for(kubelet.port());
  show_certificate(settings, kubelet);
  CHECK(says(why_not(settings), "TLS: unknown certificate authority: set SCOPS_K8S_CA_FILE"));
}

TEST_CASE("k8s: another authority than the kubelet's is named") {
  const FakeKubelet kubelet(summary);
  const test::Certificates others;
  K8sSettings settings = settings_for(kubelet);
  settings.ca_file = others.ca_file();
  const std::string text = why_not(settings);
  CHECK(says(text, "TLS: unknown certificate authority: set SCOPS_K8S_CA_FILE"));
  CHECK(says(text, "it is not in " + others.ca_file()));
}

TEST_CASE("k8s: an authority that is replaced while we run is believed") {
  const FakeKubelet kubelet(summary);
  const test::Certificates others;
  const test::TempDir dir;
  const std::string path = dir / "ca.crt";
  const auto put = [&path](const std::string& from) { std::ofstream(path) << std::ifstream(from).rdbuf(); };
  K8sSettings settings = settings_for(kubelet);
  settings.ca_file = path;
  show_certificate(settings, kubelet);
  Kubelet client(settings, "scops/test");
  put(others.ca_file());
  CHECK_FALSE(client.summary().has_value());
  put(kubelet.certificates().ca_file());
  CHECK(client.summary().has_value());
}

TEST_CASE("k8s: a certificate of another name is accepted under that name") {
  const FakeKubelet kubelet(summary, Certificate::other_name);
  K8sSettings settings = settings_for(kubelet);
  show_certificate(settings, kubelet);
  CHECK(says(why_not(settings), "another host name: set SCOPS_K8S_SERVER_NAME"));
  settings.server_name = "elsewhere.example";
  CHECK(ask(settings).has_value());
  settings.server_name = "other.example";
  CHECK_FALSE(ask(settings).has_value());
}

TEST_CASE("k8s: an expired certificate is told from all else") {
  const FakeKubelet kubelet(summary, Certificate::expired);
  K8sSettings settings = settings_for(kubelet);
  show_certificate(settings, kubelet);
  CHECK(says(why_not(settings),
             "TLS: the certificate has expired (is the clock right?): the kubelet's has to be renewed"));
}

TEST_CASE("k8s: verification is off only when its option says so, and that is a warning") {
  const FakeKubelet kubelet(summary, Certificate::expired);
  K8sSettings settings = settings_for(kubelet.port());
  show_certificate(settings, kubelet);
  settings.tls_verify = false;
  const test::CapturedLog log;
  CHECK(ask(settings).has_value());
  CHECK(test::CapturedLog::count("event=tls_unverified option=k8s.tls_verify") == 1);
}

TEST_CASE("k8s: a port where nobody listens is named") {
  CHECK(says(why_not(settings_for(1)), "127.0.0.1:1: connect: refused: no kubelet listens there"));
}

TEST_CASE("k8s: a server that insists on a certificate of ours is understood") {
  const test::TlsServer server(Certificate::good, true);
  K8sSettings settings = settings_for(std::stoi(server.url().substr(server.url().rfind(':') + 1)));
  settings.ca_file = server.ca_file();
  CHECK(says(why_not(settings), "perhaps it wants a client certificate: set K8S_CERT_PATH and K8S_KEY_PATH"));
}

TEST_CASE("k8s: settings that cannot work are refused before anything is asked") {
  K8sSettings settings = settings_for(10250);
  settings.cert_file = "/x/client.crt";
  CHECK(says(why_not(settings), "K8S_KEY_PATH is not set"));
  settings.key_file = "/x/client.key";
  settings.ca_file = "/x/ca.crt";
  settings.host = "https://10.0.0.1";
  CHECK(says(why_not(settings), "K8S_STATS_SERVICE_IP is an address or a name, not a URL"));
  settings.host = "";
  const Result<std::string> answer = ask(settings);
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().kind == ErrorKind::refused);
  CHECK(says(answer.error().text, "set K8S_STATS_SERVICE_IP"));
}

TEST_CASE("k8s: unusable files are named") {
  const FakeKubelet kubelet(summary);
  const test::TempDir dir;
  K8sSettings settings = settings_for(kubelet);
  show_certificate(settings, kubelet);
  settings.key_file = "/nowhere/client.key";
  CHECK(says(why_not(settings), "/nowhere/client.key is not there or not for us to read"));
  show_certificate(settings, kubelet);
  settings.ca_file = "/nowhere/ca.crt";
  CHECK(says(why_not(settings),
             "TLS: the file of authorities is unusable: see SCOPS_K8S_CA_FILE (/nowhere/ca.crt)"));
  settings = settings_for(kubelet);
  settings.token_file = dir / "token";
  CHECK(says(why_not(settings), "bearer token: open " + settings.token_file + ": No such file"));
  std::ofstream(dir / "token") << "a\r\nX-Forged: 1";
  CHECK(says(why_not(settings), "bearer token: none in " + settings.token_file));
}

TEST_CASE("k8s: the read-only port is asked over plain HTTP, without a token") {
  test::HttpSink sink;
  sink.otherwise({.status = 200, .body = summary});
  const test::TempDir dir;
  std::ofstream(dir / "token") << "s3cret";
  K8sSettings settings = settings_for(sink.port());
  settings.tls = false;
  settings.token_file = dir / "token";
  CHECK(ask(settings).value_or("") == summary);
  CHECK(sink.requests().at(0).target == "/stats/summary");
  CHECK(sink.requests().at(0).headers.count("authorization") == 0);
}

TEST_CASE("k8s: an HTTPS port that speaks no TLS is named") {
  const test::FakePeer peer([](std::string_view, int) { return "HTTP/1.0 400 Bad Request\r\n\r\n<close>"; });
  CHECK(says(why_not(settings_for(peer.port())), "needs SCOPS_K8S_TLS=false"));
}

TEST_CASE("k8s: a summary beyond the limit is refused, one that never ends too") {
  test::HttpSink sink;
  sink.otherwise({.status = 200, .body = std::string(70'000, ' ')});
  K8sSettings settings = settings_for(sink.port());
  settings.tls = false;
  settings.body_max.count = 65'536;
  CHECK(says(why_not(settings), "the summary is longer than SCOPS_K8S_BODY_MAX allows"));
  sink.otherwise({.status = 200, .fault = test::Fault::endless_body});
  CHECK(says(why_not(settings), "the summary is longer than SCOPS_K8S_BODY_MAX allows"));
  sink.otherwise({.status = 200, .body = "{", .fault = test::Fault::half_body});
  CHECK(says(why_not(settings), "the summary broke off"));
}

TEST_CASE("k8s: a kubelet that does not answer costs its timeout") {
  test::HttpSink sink;
  sink.otherwise({.fault = test::Fault::stall});
  K8sSettings settings = settings_for(sink.port());
  settings.tls = false;
  settings.timeout = Duration(100);
  CHECK(says(why_not(settings), "timeout: no answer: see SCOPS_K8S_TIMEOUT"));
}
