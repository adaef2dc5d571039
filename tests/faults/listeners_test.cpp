// Nobody outside reaches the agent unless its user says so: with everything on that there is, each socket
// that waits for somebody is bound to the loopback address.
#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <string>

#include "agent/settings.hpp"
#include "collectors/registry.hpp"
#include "core/model/text.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/own_loopback.hpp"
#include "tests/support/redis_server.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;

std::string all_collectors() {
  std::string list;
  for (const CollectorSpec* spec : collector_specs()) {
    list += (list.empty() ? "[\"" : "\",\"") + std::string(spec->name);
  }
  return list + "\"]";
}

// The local ends of its UDP sockets: an unconnected one takes packets from everybody who reaches its address.
std::set<std::string> udp_of(const AgentProcess& agent) {
  std::set<std::string> sockets;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/fd", agent.pid()), error)) {
    sockets.insert(fs::read_symlink(entry.path(), error).string());
  }
  std::set<std::string> found;
  for (const char* table : {"net/udp", "net/udp6"}) {
    for (const std::string& line : lines_of(agent.proc(table))) {
      std::string_view rest = line;
      std::array<std::string_view, 10> columns;  // as in /proc/net/tcp
      for (std::string_view& column : columns) column = next_word(rest);
      const bool connected = columns[2].find_first_not_of("0:") != std::string_view::npos;
      if (!connected && sockets.contains(fmt::format("socket:[{}]", columns[9]))) found.emplace(columns[1]);
    }
  }
  return found;
}

bool is_loopback(const std::string& address) {
  return address.ends_with("7F") || address == "00000000000000000000000001000000";
}

}  // namespace

TEST_CASE("with everything on, all that listens is on the loopback interface", "[faults]") {
  const OwnLoopback own;
  const RedisServer redis;
  HttpSink sink;
  const std::string listen = GENERATE(as<std::string>(), "", "[::1]:0");  // the default, and IPv6
  AgentProcess agent({.environment = {{"SCOPS_HTTP_LISTEN", listen},
                                      {"COLLECTOR_PLUGINS", all_collectors()},
                                      {"SCOPS_DISPATCH_OUTPUTS", R"(["datadog","stdout"])"},
                                      {"API_KEY", "0123456789abcdef"},
                                      {"DATADOG_URL", sink.url()},
                                      {"SCOPS_K8S_HOST", "127.0.0.1"},
                                      {"REDIS_HOST", "127.0.0.1"},
                                      {"REDIS_PORT", std::to_string(redis.port())},
                                      {"CAPTURE_INTERVAL", "1"},
                                      {"AGGREGATE_INTERVAL", "1"},
                                      {"RELEASE_INTERVAL", "1"}}});
  REQUIRE(sink.wait_for(1, long_enough));
  const auto listeners = agent.listeners();
  if (count_of(agent.err(), "event=no_pages") > 0) return not_tested("the default port is somebody else's");
  REQUIRE_FALSE(listeners.empty());
  for (const auto& listener : listeners) {
    INFO(listener.address << " " << listener.port);
    CHECK(is_loopback(listener.address));
  }
  CHECK(udp_of(agent).empty());
  CHECK(agent.stop() == 0);
  record_fault({.area = "Least privilege",
                .promise = "no listener off the loopback interface",
                .fault = "all collectors and outputs on; every socket of the process looked at",
                .tried = 1,
                .outcome = fmt::format("{} listener, loopback only; no UDP", listeners.size())});
}

TEST_CASE("another address must be allowed by an option", "[faults]") {
  for (const char* address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:18125", ":0", "localhost.example:1"}) {
    const Finished refused = run_agent({.environment = {{"SCOPS_HTTP_LISTEN", address}}});
    INFO(refused.err);
    CHECK(refused.status == 2);
    CHECK(refused.err.find("http.insecure") != std::string::npos);
  }
}

}  // namespace scops::test
