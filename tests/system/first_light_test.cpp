// What a newcomer sees in the first seconds: `scops run` and `scops check` without a setting.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <string>

#include "core/io/json.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/sent_points.hpp"

namespace scops::test {
namespace {

#ifdef SCOPS_SANITIZED  // which, with many tests at a time, says nothing of the agent's speed
constexpr std::chrono::seconds at_first_light = long_enough;
#else
constexpr std::chrono::seconds at_first_light{5};
#endif

// CHOUETTE.md 5, with what is collected by default. File systems are not among them: a container may show
// none.
const std::set<std::string> promised = {"Chouette.host.cpu.percentage", "Chouette.host.la",
                                        "Chouette.host.memory.available", "Chouette.host.memory.used"};

bool includes(const std::set<std::string>& all, const std::set<std::string>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

// The whole lines that have come so far.
std::string whole_lines(const std::string& text) { return text.substr(0, text.rfind('\n') + 1); }

}  // namespace

TEST_CASE("run without a setting shows the machine's metrics as JSON lines within five seconds", "[system]") {
  const AgentProcess agent;
  CHECK(eventually([&] { return includes(metrics_of_json_lines(whole_lines(agent.out())), promised); },
                   at_first_light));
  INFO("standard output:\n" << agent.out() << "standard error:\n" << agent.err());
  for (const std::string& name : promised) CHECK(count_of(agent.out(), '"' + name + '"') > 0);
}

TEST_CASE("each JSON line has metric, type, tags as a map, value and timestamp", "[system]") {
  const Finished check = run_agent({.arguments = {"check", "--json"}});
  REQUIRE(check.status == 0);
  REQUIRE_FALSE(check.out.empty());
  for (const std::string& line : lines_of(check.out)) {
    INFO(line);
    const auto doc = JsonDoc::parse(line);
    REQUIRE(doc);
    const auto root = doc->root();
    CHECK(root["metric"].text());
    CHECK(root["type"].text() == "gauge");
    CHECK(root["tags"].is_object());
    CHECK(root["value"].number());
    CHECK(root["timestamp"].number().value_or(0) > 1.7e9);
    CHECK(root.keys().size() == 5);
  }
}

TEST_CASE("contract 5: the names and tags of host metrics are those that dashboards know", "[system]") {
  const Finished check = run_agent({.arguments = {"check", "host", "--json"}});
  REQUIRE(check.status == 0);
  std::set<std::string> known = promised;
  known.insert({"Chouette.host.fs.used", "Chouette.host.fs.free"});
  CHECK(includes(metrics_of_json_lines(check.out), promised));
  CHECK(includes(known, metrics_of_json_lines(check.out)));
  for (const std::string& line : lines_of(check.out)) {
    const auto doc = JsonDoc::parse(line);
    const auto tags = doc->root()["tags"];
    const std::string name = doc->root()["metric"].text().value_or("");
    if (name == "Chouette.host.la") CHECK(tags["period"].text() == "1m");
    if (name.find(".fs.") != std::string::npos)
      CHECK(tags["device"].text().value_or("").starts_with("/dev/"));
  }
}

TEST_CASE("the network group is collected on demand", "[system]") {
  const Finished check = run_agent(
      {.arguments = {"check", "--json"}, .environment = {{"HOST_COLLECT_METRICS", R"(["NETWORK"])"}}});
  CHECK(check.status == 0);
  CHECK(includes({"Chouette.host.network.bytes.recv", "Chouette.host.network.bytes.sent"},
                 metrics_of_json_lines(check.out)));
}

TEST_CASE("run prints a readable table on a terminal", "[system]") {
  AgentProcess agent({.terminal = true});
  REQUIRE(agent.wait_for_out("Chouette.host.cpu.percentage"));
  CHECK(agent.out().find('{') == std::string::npos);
  CHECK(agent.out().find(" UTC, ") != std::string::npos);
  CHECK(agent.out().find("period:1m") != std::string::npos);
  CHECK(agent.stop() == 0);
}

TEST_CASE("check prints a table with a processor percentage and exits 0", "[system]") {
  const Finished check = run_agent({.arguments = {"check"}});
  CHECK(check.status == 0);
  CHECK(check.err.empty());
  for (const std::string& name : promised) CHECK(count_of(check.out, name) == 1);
}

TEST_CASE("check of an unknown collector exits 2 and names the known ones", "[system]") {
  const Finished check = run_agent({.arguments = {"check", "nosuch"}});
  CHECK(check.status == 2);
  CHECK(check.out.empty());
  CHECK(check.err.find("\"nosuch\"") != std::string::npos);
  CHECK(check.err.find("known: host") != std::string::npos);
}

}  // namespace scops::test
