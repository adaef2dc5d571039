// The agent's own pages over real HTTP, and who may reach them.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>

#include "core/io/files.hpp"
#include "core/io/json.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/own_loopback.hpp"

namespace scops::test {
namespace {

using Catch::Matchers::Contains;

constexpr int default_port = 18125;
const std::string loopback = "0100007F";  // 127.0.0.1 as /proc/net/tcp writes it

// Listens on a port of 127.0.0.1, 0 for any; where somebody has it already, that is as good for these tests.
class TakenPort {
 public:
  explicit TakenPort(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const int yes = 1;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    // Without a loopback of our own another test may have it for a moment; whoever keeps it, it is taken.
    if (eventually([&] { return ::bind(socket_.get(), generic, size) == 0; })) {
      REQUIRE(::listen(socket_.get(), 1) == 0);
      REQUIRE(::getsockname(socket_.get(), generic, &size) == 0);
      port = ntohs(address.sin_port);
    }
    port_ = port;
  }
  [[nodiscard]] int port() const { return port_; }

 private:
  Fd socket_;
  int port_ = 0;
};

std::map<std::string, std::string> with_pages() {
  return {{"SCOPS_HTTP_LISTEN", "127.0.0.1:0"},
          {"CAPTURE_INTERVAL", "1s"},
          {"AGGREGATE_INTERVAL", "1s"},
          {"RELEASE_INTERVAL", "1s"}};
}

// The lines that say what there is, without what it is just now.
std::string names_in(const std::string& metrics) {
  std::vector<std::string> names;
  for (const std::string& line : lines_of(metrics)) {
    if (line.starts_with('#')) names.push_back(line.substr(2));
  }
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  return text;
}

}  // namespace

TEST_CASE("healthz, readyz, metrics and status answer", "[system]") {
  const AgentProcess agent({.environment = with_pages()});
  const auto health = agent.page("/healthz");
  CHECK(health.status == 200);
  CHECK(health.body == "ok\n");
  CHECK(eventually([&] { return agent.page("/readyz").status == 200; }));
  const auto metrics = agent.page("/metrics");
  CHECK(metrics.status == 200);
  CHECK_THAT(metrics.content_type, Contains("text/plain") && Contains("version=0.0.4"));
  CHECK_THAT(metrics.body, Contains("scops_collect_runs_total{collector=\"host\"}"));
  CHECK(agent.page("/nosuch").status == 404);
}

TEST_CASE("status is JSON about collectors, buffer and outputs", "[system]") {
  HttpSink sink;
  auto environment = with_pages();
  environment["API_KEY"] = "0123456789abcdef";
  environment["DATADOG_URL"] = sink.url();
  environment["HOST"] = "owl";
  const AgentProcess agent({.environment = environment});
  REQUIRE(sink.wait_for(1, long_enough));
  const auto page = agent.page("/status");
  CHECK(page.status == 200);
  CHECK(page.content_type == "application/json");
  const auto doc = JsonDoc::parse(page.body);
  REQUIRE(doc);
  const auto root = doc->root();
  CHECK(root["host"].text() == "owl");
  CHECK(root["state"].text() == agent.state());
  CHECK(root["collectors"].at(0)["name"].text() == "host");
  CHECK(root["collectors"].at(0)["runs"].number().value_or(0) >= 1);
  CHECK(root["buffer"]["durable"].boolean() == true);
  CHECK(root["outputs"].at(0)["name"].text() == "datadog");
}

TEST_CASE("scops status asks the running agent, and says so when there is none", "[system]") {
  const AgentProcess agent({.environment = with_pages()});
  REQUIRE(agent.page("/healthz").status == 200);
  const std::string listen = "127.0.0.1:" + std::to_string(agent.listeners().at(0).port);
  const Finished shown = run_agent({.arguments = {"status"}, .environment = {{"SCOPS_HTTP_LISTEN", listen}}});
  CHECK(shown.status == 0);
  CHECK_THAT(shown.out, Contains("host") && Contains("buffer:") && Contains("stdout"));
  const Finished json =
      run_agent({.arguments = {"status", "--json"}, .environment = {{"SCOPS_HTTP_LISTEN", listen}}});
  CHECK(json.status == 0);
  CHECK(JsonDoc::parse(json.out));
  const TakenPort silent(0);
  const Finished none =
      run_agent({.arguments = {"status"},
                 .environment = {{"SCOPS_HTTP_LISTEN", "127.0.0.1:" + std::to_string(silent.port())}}});
  CHECK(none.status == 1);
  CHECK_THAT(none.err, Contains("no agent answers"));
}

TEST_CASE("scops status says when the pages are off, and asks nobody", "[system]") {
  const Finished off = run_agent({.arguments = {"status"}});
  CHECK(off.status == 1);
  CHECK_THAT(off.err, Contains("the pages are off"));
}

TEST_CASE("the pages may be at localhost", "[system]") {
  auto environment = with_pages();
  environment["SCOPS_HTTP_LISTEN"] = "localhost:0";
  const AgentProcess agent({.environment = environment});
  CHECK(agent.page("/healthz").status == 200);
  CHECK(agent.listeners().at(0).address == loopback);
}

TEST_CASE("the names of our own metrics are an interface", "[system]") {
  HttpSink sink;
  sink.script({{.status = 503}});
  auto environment = with_pages();
  environment["API_KEY"] = "0123456789abcdef";
  environment["DATADOG_URL"] = sink.url();
  environment["SCOPS_DISPATCH_BACKOFF_MIN"] = "100ms";
  const AgentProcess agent({.environment = environment});
  REQUIRE(sink.wait_for(3, long_enough));
  const std::string path = SCOPS_SOURCE_DIR "/tests/system/self_metrics.golden";
  const std::string names = names_in(agent.page("/metrics").body);
  INFO("when the change is meant, " << path << " becomes:\n" << names);
  CHECK(names == read_file(path).value_or(""));
}

TEST_CASE("without a setting the pages are on loopback only", "[system]") {
  const OwnLoopback own;
  const AgentProcess agent({.environment = {{"SCOPS_HTTP_LISTEN", ""}}});
  REQUIRE(agent.wait_for_out("Chouette.host.la"));
  if (count_of(agent.err(), "event=no_pages") > 0) return not_tested("the default port is somebody else's");
  REQUIRE_FALSE(agent.listeners().empty());
  for (const auto& listener : agent.listeners()) {
    CHECK(listener.address == loopback);
    CHECK(listener.port == default_port);
  }
}

TEST_CASE("the default port in other hands is one warning, and the agent goes on", "[system]") {
  const OwnLoopback own;
  const TakenPort taken(default_port);
  AgentProcess agent({.environment = {{"SCOPS_HTTP_LISTEN", ""}}});
  REQUIRE(agent.wait_for_out("Chouette.host.cpu.percentage"));
  CHECK(count_of(agent.err(), "event=no_pages") == 1);
  CHECK(count_of(agent.err(), "level=warn") == 1);
  CHECK(agent.listeners().empty());
  CHECK(agent.stop() == 0);
}

TEST_CASE("a port that was asked for and is taken ends the start with status 2", "[system]") {
  const TakenPort taken(0);
  const std::string listen = "127.0.0.1:" + std::to_string(taken.port());
  const Finished run = run_agent({.environment = {{"SCOPS_HTTP_LISTEN", listen}}});
  CHECK(run.status == 2);
  CHECK_THAT(run.err, Contains("http.listen") && Contains(std::to_string(taken.port())));
}

TEST_CASE("an address that others can reach needs http.insecure", "[system]") {
  const std::string address = GENERATE("0.0.0.0:0", "[::]:0", "192.0.2.1:80", "localhost.evil:1");
  const Finished run = run_agent({.environment = {{"SCOPS_HTTP_LISTEN", address}}});
  CHECK(run.status == 2);
  CHECK_THAT(run.err, Contains(address) && Contains("insecure"));
}

TEST_CASE("http.insecure opens the pages to others", "[system]") {
  const AgentProcess agent(
      {.environment = {{"SCOPS_HTTP_LISTEN", "0.0.0.0:0"}, {"SCOPS_HTTP_INSECURE", "true"}}});
  CHECK(agent.page("/healthz").status == 200);
  REQUIRE(agent.listeners().size() == 1);
  CHECK(agent.listeners().at(0).address == "00000000");
}

TEST_CASE("off means that nothing listens", "[system]") {
  const AgentProcess agent;
  REQUIRE(agent.wait_for_out("Chouette.host.la"));
  CHECK(agent.listeners().empty());
}

}  // namespace scops::test
