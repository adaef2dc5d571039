#include "agent/commands/command.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace scops;

namespace {

CommandLine parsed(const std::vector<std::string>& arguments) {
  auto line = parse_command_line(arguments, {});
  REQUIRE(line);
  return std::move(*line);
}

}  // namespace

TEST_CASE("without a command the agent runs", "[agent]") {
  CHECK(parsed({}).command == "run");
  CHECK(parsed({"--host.proc=/x"}).command == "run");
}

TEST_CASE("the first word is the command, the others are its own", "[agent]") {
  const CommandLine line = parsed({"check", "host", "--json", "docker"});
  CHECK(line.command == "check");
  CHECK(line.words == std::vector<std::string>{"host", "docker"});
  CHECK(line.json);
}

TEST_CASE("option flags take their value with an equals sign or as the next word", "[agent]") {
  const CommandLine line = parsed({"check", "--host.proc", "/x", "--agent.capture_interval=5s", "host"});
  CHECK(line.options.flags == std::vector<std::string>{"--host.proc=/x", "--agent.capture_interval=5s"});
  CHECK(line.words == std::vector<std::string>{"host"});
}

TEST_CASE("the words that deployments of Chouette-IoT hand to the image run the agent", "[agent]") {
  const CommandLine line = parsed({"python3", "-m", "chouette_iot"});
  CHECK(line.command == "run");
  CHECK(line.as_chouette);
  CHECK(line.words.empty());
}

TEST_CASE("no other words of Python's are taken for a run", "[agent]") {
  CHECK_FALSE(parse_command_line(std::vector<std::string>{"python3", "-m", "chouette"}, {}));
  CHECK(parsed({"python3"}).command == "python3");
  CHECK_FALSE(parsed({"run"}).as_chouette);
}

TEST_CASE("help and version are switches too", "[agent]") {
  CHECK(parsed({"--help"}).help);
  CHECK(parsed({"check", "-h"}).help);
  CHECK(parsed({"--version"}).command == "version");
}

TEST_CASE("a switch that does not exist is an error that names it", "[agent]") {
  const auto line = parse_command_line(std::vector<std::string>{"check", "--jsn"}, {});
  REQUIRE_FALSE(line);
  CHECK(line.error().kind == ErrorKind::refused);
  CHECK(line.error().text == "unknown switch --jsn; see scops --help");
}

TEST_CASE("the value of a switch that does not exist is not shown", "[agent]") {
  const auto line = parse_command_line(std::vector<std::string>{"run", "--api_key=SECRET"}, {});
  REQUIRE_FALSE(line);
  CHECK(line.error().text == "unknown switch --api_key; see scops --help");
}

TEST_CASE("every command has a name of its own and a help sentence", "[agent]") {
  for (const Command& command : commands()) {
    CHECK(command.help.ends_with('.'));
    CHECK(command.run != nullptr);
  }
}
