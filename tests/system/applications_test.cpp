// The examples of docs/applications.md, run as a reader would, reach the intake through the agent.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/agent_process.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

struct Example {
  std::string language;  // as the page marks it: "sh", "python"
  std::string code;
};

std::vector<Example> examples_of(const std::string& page) {
  std::ifstream file(page);
  std::vector<Example> examples;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) examples.push_back({line.substr(3), ""});
    } else if (inside) {
      examples.back().code += line + "\n";
    }
  }
  return examples;
}

// How a reader starts an example of that language; `{}` is the file it was saved in.
const std::map<std::string, std::string> commands = {
    {"sh", "sh -eu {0}"},
    {"python", "/usr/bin/python3 {0}"},
    {"cpp", "mv {0} {0}.cpp && g++ -std=c++20 {0}.cpp -o {0} -lhiredis && {0}"},
    {"js", "NODE_PATH=/usr/share/nodejs node {0}"},
};

}  // namespace

TEST_CASE("every example for applications reports its metric or log", "[system][chouette]") {
  const RedisServer redis;
  const HttpSink sink;
  const TempDir folder;
  AgentProcess agent({.environment = {{"API_KEY", "0123456789abcdef"},
                                      {"DATADOG_URL", sink.url() + "/api"},
                                      {"DATADOG_LOGS_URL", sink.url()},
                                      {"REDIS_HOST", "127.0.0.1"},
                                      {"REDIS_PORT", std::to_string(redis.port())},
                                      {"COLLECTOR_PLUGINS", "[]"},
                                      {"AGGREGATE_INTERVAL", "1"},
                                      {"RELEASE_INTERVAL", "1"}}});
  std::set<std::string> run;
  for (const Example& example : examples_of(SCOPS_SOURCE_DIR "/docs/applications.md")) {
    const auto command = commands.find(example.language);
    if (command == commands.end()) continue;
    const std::string file = folder / fmt::format("example{}", run.size());
    std::ofstream(file) << example.code;
    INFO(example.language << ":\n" << example.code);
    CHECK(std::system(fmt::format("export REDIS_HOST=127.0.0.1 REDIS_PORT={}; {}", redis.port(),
                                  fmt::format(fmt::runtime(command->second), file))
                          .c_str()) == 0);
    run.insert(example.language);
  }
  CHECK(run == std::set<std::string>{"cpp", "js", "python", "sh"});

  const auto arrived = [&sink] {
    std::set<std::string> languages;
    for (const SinkRequest& request : sink.requests()) {
      if (request.target.starts_with("/v1/input")) {
        languages.insert("log");
        continue;
      }
      for (const SentPoint& point : points_of(request)) {
        if (point.id.metric == "app.requests" && point.value == 1) languages.insert(point.id.tags);
      }
    }
    return languages;
  };
  const std::set<std::string> all = {"language:cpp", "language:node", "language:python", "language:shell",
                                     "log"};
  CHECK(eventually([&] { return arrived() == all; }));
  CHECK(agent.stop() == 0);
}

}  // namespace scops::test
