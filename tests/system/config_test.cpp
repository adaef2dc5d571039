// Wrong settings end the program with status 2 before it does anything, all of them told at once; secrets are
// never shown.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "core/io/json.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

using Catch::Matchers::Contains;

const std::string secret = "pl4nted-S3cret-Key";

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

// The one line of `text` that has `part`; empty, or more of them, fails the test.
std::string line_with(const std::string& text, const std::string& part) {
  std::string found;
  for (const std::string& line : lines_of(text)) {
    if (line.find(part) != std::string::npos) found += line;
  }
  INFO("no single line with " << part << " in:\n" << text);
  CHECK(count_of(found, part) == 1);
  return found;
}

}  // namespace

TEST_CASE("all wrong settings are told at once, with name, value and what is right", "[system]") {
  const Finished run = run_agent({.arguments = {"run", "--agent.hots=x", "--dispatch.rate_max=many"},
                                  .environment = {{"CAPTURE_INTERVAL", "soon"},
                                                  {"SCOPS_HSOT_INTERVAL", "3s"},
                                                  {"LOG_LEVEL", "loud"},
                                                  {"METRIC_TTL", "0s"},
                                                  {"GLOBAL_TAGS", "site:7"},
                                                  {"COLLECTOR_PLUGINS", R"(["hots"])"},
                                                  {"SCOPS_HOST_INTERVAL", "10ms"},
                                                  {"SCOPS_HTTP_LISTEN", "nowhere"},
                                                  {"HOST_COLLECT_METRICS", R"(["cpu","ramm"])"},
                                                  {"SCOPS_DISPATCH_OUTPUTS", R"(["datadgo"])"}}});
  CHECK(run.status == 2);
  CHECK(run.out.empty());
  CHECK_THAT(line_with(run.err, "--agent.hots"), Contains("--agent.host"));
  CHECK_THAT(line_with(run.err, "--dispatch.rate_max"), Contains("many") && Contains("1 to 100"));
  CHECK_THAT(line_with(run.err, "CAPTURE_INTERVAL"), Contains("soon") && Contains("1s to 1d"));
  CHECK_THAT(line_with(run.err, "SCOPS_HSOT_INTERVAL"), Contains("SCOPS_HOST_INTERVAL"));
  CHECK_THAT(line_with(run.err, "LOG_LEVEL"), Contains("loud") && Contains("debug, info, warn"));
  CHECK_THAT(line_with(run.err, "METRIC_TTL"), Contains("0s"));
  CHECK_THAT(line_with(run.err, "GLOBAL_TAGS"), Contains("site:7") && Contains("JSON list"));
  CHECK_THAT(line_with(run.err, "COLLECTOR_PLUGINS"), Contains("\"hots\"") && Contains("host"));
  CHECK_THAT(line_with(run.err, "host.interval=10ms"),
             Contains("(environment SCOPS_HOST_INTERVAL)") && Contains("0, or 1s to 1d"));
  CHECK_THAT(line_with(run.err, "http.listen"), Contains("nowhere") && Contains("127.0.0.1:18125"));
  CHECK_THAT(line_with(run.err, "HOST_COLLECT_METRICS"), Contains("\"ramm\"") && Contains("nearest is ram"));
  CHECK_THAT(line_with(run.err, "dispatch.outputs"), Contains("\"datadgo\"") && Contains("datadog"));
}

TEST_CASE("a switch that does not exist exits 2 and is named", "[system]") {
  const Finished run = run_agent({.arguments = {"run", "--frobnicate"}});
  CHECK(run.status == 2);
  CHECK_THAT(run.err, Contains("--frobnicate"));
}

TEST_CASE("a command that does not exist exits 2 and lists the commands", "[system]") {
  const Finished run = run_agent({.arguments = {"chekc"}});
  CHECK(run.status == 2);
  CHECK_THAT(run.err, Contains("\"chekc\"") && Contains("nearest: check") && Contains("parse"));
}

TEST_CASE("names of collectors are case-sensitive, those of host groups are not", "[system]") {
  const Finished collector =
      run_agent({.arguments = {"config"}, .environment = {{"COLLECTOR_PLUGINS", R"(["Host"])"}}});
  CHECK(collector.status == 2);
  const Finished group =
      run_agent({.arguments = {"config"}, .environment = {{"HOST_COLLECT_METRICS", R"(["CPU"])"}}});
  CHECK(group.status == 0);
}

TEST_CASE("contract 4: a fatal error ends with another status than 0: no key exits 2 and names API_KEY",
          "[system]") {
  const Finished run = run_agent({.environment = {{"SCOPS_DISPATCH_OUTPUTS", R"(["datadog"])"}}});
  CHECK(run.status == 2);
  CHECK_THAT(run.err, Contains("API_KEY"));
}

TEST_CASE("the key may be in a file, by @ and by API_KEY_FILE", "[system]") {
  const TempDir folder;
  write(folder / "key", secret + "\n");
  const std::string name = GENERATE("API_KEY", "API_KEY_FILE", "SCOPS_DATADOG_API_KEY");
  HttpSink sink;
  const std::string value = (name == "API_KEY_FILE" ? "" : "@") + (folder / "key");
  const AgentProcess agent({.environment = {{name, value},
                                            {"DATADOG_URL", sink.url()},
                                            {"AGGREGATE_INTERVAL", "1s"},
                                            {"RELEASE_INTERVAL", "1s"}}});
  REQUIRE(sink.wait_for(1, long_enough));
  CHECK(sink.requests().at(0).target == "/v1/series?api_key=" + secret);
}

TEST_CASE("a file for the key that cannot be read exits 2 and is named", "[system]") {
  const Finished run = run_agent({.environment = {{"API_KEY_FILE", "/nonexistent/key"}}});
  CHECK(run.status == 2);
  CHECK_THAT(run.err, Contains("/nonexistent/key"));
}

TEST_CASE("config shows each value with its origin, and --json the same as JSON", "[system]") {
  const TempDir folder;
  write(folder / "scops.conf", "agent.host = owl\nSCOPS_DISPATCH_INTERVAL=90s\n");
  AgentOptions options{
      .arguments = {"config", "--config=" + (folder / "scops.conf"), "--dispatch.rate_max", "7"},
      .environment = {{"API_KEY", secret}, {"CAPTURE_INTERVAL", "12"}}};
  const Finished text = run_agent(options);
  CHECK(text.status == 0);
  CHECK_THAT(line_with(text.out, "agent.host "), Contains("owl") && Contains("scops.conf line 1"));
  CHECK_THAT(line_with(text.out, "dispatch.interval"), Contains("90s") && Contains("scops.conf line 2"));
  CHECK_THAT(line_with(text.out, "dispatch.rate_max"), Contains("7") && Contains("flag"));
  CHECK_THAT(line_with(text.out, "agent.capture_interval"),
             Contains("12s") && Contains("environment CAPTURE_INTERVAL"));
  CHECK_THAT(line_with(text.out, "datadog.api_key"), Contains("***"));

  options.arguments.emplace_back("--json");
  const Finished json = run_agent(options);
  CHECK(json.status == 0);
  const auto doc = JsonDoc::parse(json.out);
  REQUIRE(doc);
  const auto rows = doc->root()["options"];
  REQUIRE(rows.is_array());
  CHECK(rows.size() == lines_of(text.out).size());
}

TEST_CASE("a secret is shown nowhere: settings, errors, logs, pages, command line, state", "[system]") {
  HttpSink sink;
  sink.otherwise({.status = 403, .body = "bad key " + secret + " in /v1/series?api_key=" + secret});
  AgentProcess agent({.environment = {{"API_KEY", secret},
                                      {"DATADOG_URL", sink.url()},
                                      {"LOG_LEVEL", "debug"},
                                      {"SCOPS_HTTP_LISTEN", "127.0.0.1:0"},
                                      {"AGGREGATE_INTERVAL", "1s"},
                                      {"RELEASE_INTERVAL", "1s"}}});
  REQUIRE(sink.wait_for(1, long_enough));
  CHECK(sink.requests().at(0).target.find(secret) != std::string::npos);
  REQUIRE(agent.wait_for_err("event=unauthorized"));
  for (const char* path : {"/status", "/metrics", "/readyz", "/"}) {
    CHECK_THAT(agent.page(path).body, !Contains(secret));
  }
  CHECK_THAT(agent.proc("cmdline"), !Contains(secret));
  CHECK(agent.stop() == 0);
  CHECK_THAT(agent.out() + agent.err(), !Contains(secret));
  for (const auto& file : std::filesystem::directory_iterator(agent.state())) {
    CHECK_THAT(read_file(file.path().string(), 64U << 20U).value_or(""), !Contains(secret));
  }
}

TEST_CASE("a secret is not shown when a setting is wrong", "[system]") {
  const auto [arguments, environment] =
      GENERATE(table<std::vector<std::string>, std::map<std::string, std::string>>({
          {{"config"}, {{"API_KEY", secret}, {"LOG_LEVEL", "loud"}}},
          {{"config", "--json"}, {{"API_KEY", secret}}},
          {{"run"}, {{"API_KEY", secret + "\x01"}}},
          {{"run"}, {{"API_KEY", secret + " blank"}}},
          {{"run"}, {{"API_KEYY", secret}, {"SCOPS_API_KEYY", secret}}},
          {{"run", "--datadog.api_kye=" + secret}, {}},
          {{"run", "--datadog.api_kye", secret}, {}},
          {{"run", "--api_key=" + secret}, {}},
          {{"run", "--api_key", secret}, {}},
          {{"run", secret}, {}},
          {{"config", "datadog.api_key", secret}, {}},
          {{"check", "nosuch", "--datadog.api_key", secret}, {}},
          {{"buffer", "--datadog.api_key=" + secret}, {}},
      }));
  const Finished run = run_agent({.arguments = arguments, .environment = environment});
  CHECK(run.status >= 0);
  if (arguments.back() != "--json" && run.status == 0) FAIL("nothing was wrong");
  CHECK_THAT(run.out + run.err, !Contains(secret));
}

TEST_CASE("words that a command does not know what to do with exit 2", "[system]") {
  const auto arguments = GENERATE(as<std::vector<std::string>>(), std::vector<std::string>{"run", "now"},
                                  std::vector<std::string>{"config", "datadog.api_key", "extra"},
                                  std::vector<std::string>{"status", "datadog"},
                                  std::vector<std::string>{"buffer", "drop", "all"});
  const Finished run = run_agent({.arguments = arguments});
  CHECK(run.status == 2);
  CHECK(run.out.empty());
  CHECK_THAT(run.err, Contains("scops " + arguments.front() + ": too many words"));
}

TEST_CASE("a check of no collector says so", "[system]") {
  const Finished run = run_agent({.arguments = {"check"}, .environment = {{"COLLECTOR_PLUGINS", "[]"}}});
  CHECK(run.status == 2);
  CHECK_THAT(run.err, Contains("no collector is enabled"));
}

TEST_CASE("--help explains every command and names options with their variables", "[system]") {
  const Finished help = run_agent({.arguments = {"--help"}});
  CHECK(help.status == 0);
  for (const char* text :
       {"scops run", "scops check", "scops parse", "scops config", "scops status", "scops buffer",
        "scops version", "--datadog.api_key", "API_KEY", "SCOPS_HOST_PROC", "GLOBAL_TAGS"}) {
    CHECK_THAT(help.out, Contains(text));
  }
}

TEST_CASE("version prints one line", "[system]") {
  const std::string word = GENERATE("version", "--version");
  const Finished version = run_agent({.arguments = {word}});
  CHECK(version.status == 0);
  CHECK_THAT(version.out, Catch::Matchers::StartsWith("scops "));
  CHECK(lines_of(version.out).size() == 1);
}

TEST_CASE("without anything wrong nothing is printed on standard error", "[system]") {
  const std::string command = GENERATE("config", "version", "check", "--help");
  CHECK(run_agent({.arguments = {command}}).err.empty());
}

}  // namespace scops::test
