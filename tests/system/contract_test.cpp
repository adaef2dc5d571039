// CHOUETTE.md 1: every variable of the Python agent has its name, its default and its meaning here.
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "core/io/json.hpp"
#include "tests/support/agent_process.hpp"

namespace scops::test {
namespace {

struct Row {
  std::string variable;
  std::string key;       // of ours
  std::string fallback;  // as `scops config --json` shows it
  std::string given;     // what a deployment may say
  std::string effective;
};

const std::vector<Row> rows = {
    {"API_KEY", "datadog.api_key", "", "0123456789abcdef", "***"},
    {"GLOBAL_TAGS", "pipeline.tags", "[]", R"(["a:b"])", R"(["a:b"])"},
    {"COLLECTOR_PLUGINS", "agent.collectors", R"(["host"])", R"([])", R"([])"},
    {"COLLECT_PLUGINS", "agent.collectors", R"(["host"])", R"(["host"])", R"(["host"])"},
    {"AGGREGATE_INTERVAL", "pipeline.interval", "10s", "20", "20s"},
    {"CAPTURE_INTERVAL", "agent.capture_interval", "30s", "45", "45s"},
    {"RELEASE_INTERVAL", "dispatch.interval", "1m", "90", "90s"},
    {"DATADOG_URL", "datadog.url", "https://api.datadoghq.com/api", "http://localhost/api",
     "http://localhost/api"},
    {"DATADOG_LOGS_URL", "datadog.logs_url", "https://http-intake.logs.datadoghq.com", "http://localhost",
     "http://localhost"},
    {"HOST", "agent.host", "", "owl", "owl"},
    {"LOG_LEVEL", "agent.log_level", "info", "DEBUG", "debug"},
    {"LOG_TTL", "buffer.log_ttl", "18h", "3600", "1h"},
    {"METRIC_TTL", "buffer.metric_ttl", "4h", "3600", "1h"},
    {"METRICS_BULK_SIZE", "datadog.bulk_size", "10000", "0", "0"},
    {"METRICS_WRAPPER", "pipeline.wrapper", "datadog", "SIMPLE", "simple"},
    {"HISTOGRAM_AGGREGATES", "pipeline.histogram_aggregates", R"(["max","median","avg","count"])",
     R"(["min","sum"])", R"(["min","sum"])"},
    {"HISTOGRAM_PERCENTILES", "pipeline.histogram_percentiles", R"(["0.95"])", "[0.5,0.999]",
     R"(["0.5","0.999"])"},
    {"SEND_SELF_METRICS", "agent.self_metrics", "true", "false", "false"},
    {"CHOUETTE_STORAGE_TYPE", "buffer.type", "auto", "Embedded", "embedded"},
    {"REDIS_HOST", "redis.host", "redis", "localhost", "localhost"},
    {"REDIS_PORT", "redis.port", "6379", "6380", "6380"},
    {"HOST_COLLECT_METRICS", "host.metrics", R"(["cpu","fs","la","ram"])", R"(["network"])",
     R"(["network"])"},
    {"HOST_COLLECTOR_METRICS", "host.metrics", R"(["cpu","fs","la","ram"])", R"(["network"])",
     R"(["network"])"},
};

// The effective value of each option, as `scops config --json` prints it.
std::map<std::string, std::string> config(const Environment& environment) {
  const Finished run = run_agent({.arguments = {"config", "--json"}, .environment = environment});
  INFO(run.err);
  REQUIRE(run.status == 0);
  const auto document = JsonDoc::parse(run.out);
  REQUIRE(document);
  const auto options = document->root()["options"];
  std::map<std::string, std::string> values;
  for (std::size_t i = 0; i < options.size(); ++i) {
    values[options.at(i)["name"].text().value_or("")] = options.at(i)["value"].text().value_or("");
  }
  return values;
}

}  // namespace

TEST_CASE("contract 1: every variable of the Python agent is known, with its default", "[system][contract]") {
  auto defaults = config({});
  for (const Row& row : rows) {
    INFO(row.variable);
    CHECK(defaults[row.key] == row.fallback);
    CHECK(config({{row.variable, row.given}})[row.key] == row.effective);
  }
}

TEST_CASE("contract 1: names of variables are case-insensitive", "[system][contract]") {
  auto values = config({{"global_tags", R"(["a:b"])"}, {"Redis_Host", "board"}});
  CHECK(values["pipeline.tags"] == R"(["a:b"])");
  CHECK(values["redis.host"] == "board");
}

TEST_CASE("contract 1, correction: an unknown collector is an error that lists the known ones",
          "[system][contract]") {
  const Finished run = run_agent({.environment = {{"COLLECTOR_PLUGINS", R"(["hosst"])"}}});
  CHECK(run.status == 2);
  CHECK_THAT(run.err, Catch::Contains("hosst") && Catch::Contains("host") && Catch::Contains("chouette"));
}

TEST_CASE("contract 1, correction: the agent starts without GLOBAL_TAGS", "[system][contract]") {
  AgentProcess agent;
  REQUIRE(agent.wait_for_err("event=started"));
  CHECK(agent.stop() == 0);
}

}  // namespace scops::test
