// The collector tegrastats with a small script in the program's place: what it sends, what it says when it
// cannot, and that nothing of it outlives the agent.

#include <fmt/format.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <string>

#include "core/io/files.hpp"
#include "core/model/text.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

using Catch::Matchers::Contains;

// A program that writes its number beside itself, then does what `script` says.
std::string make_program(const TempDir& dir, const std::string& script) {
  std::string path = dir / "tegrastats";
  std::ofstream(path) << "#!/bin/sh\necho $$ >\"$0.new\"; mv \"$0.new\" \"$0.pid\"\n" << script << '\n';
  ::chmod(path.c_str(), 0755);
  return path;
}

// As the real one: a line at each interval, for ever.
const std::string usual =
    "while :; do\n"
    "  echo 'RAM 1409/3964MB (lfb 28x4MB) CPU [22%@518,off] PMIC@100C AO@39.5C POM_5V_IN 2003/2001'\n"
    "  sleep 0.2\n"
    "done";

AgentOptions options_for(const std::string& program, std::vector<std::string> arguments) {
  return {.arguments = std::move(arguments),
          .environment = {{"COLLECTOR_PLUGINS", R"(["tegrastats"])"},
                          {"CAPTURE_INTERVAL", "1"},
                          {"AGGREGATE_INTERVAL", "1"},
                          {"TEGRASTATS_METRICS", R"(["ram","temp","power"])"},
                          {"TEGRASTATS_PATH", program}}};
}

pid_t program_number(const std::string& program) {
  REQUIRE(eventually([&] { return read_file(program + ".pid").has_value(); }));
  const std::string text = read_file(program + ".pid").value_or("");
  return static_cast<pid_t>(to_int(trim(text)).value_or(0));
}

// Ended; in a container nobody may wait for orphans, so a zombie will do.
bool is_gone(pid_t pid) {
  const std::string stat = read_file(fmt::format("/proc/{}/stat", pid)).value_or("");
  const std::size_t end = stat.rfind(')');
  return end == std::string::npos || stat.substr(end + 2, 1) == "Z";
}

}  // namespace

TEST_CASE("run sends what tegrastats prints, under the names that dashboards know", "[system][tegrastats]") {
  const TempDir dir;
  const AgentProcess agent(options_for(make_program(dir, usual), {"run"}));
  CHECK(agent.wait_for_out("Chouette.tegrastats.ram.used"));
  CHECK(agent.wait_for_out("Chouette.tegrastats.ram.free"));
  CHECK(agent.wait_for_out(R"("zone":"AO")"));
  CHECK(agent.wait_for_out(R"("rail":"POM_5V_IN")"));
  CHECK(count_of(agent.out(), "PMIC") == 0);
}

TEST_CASE("an agent that is killed leaves no tegrastats behind", "[system][tegrastats]") {
  const std::string silent = "trap '' HUP INT TERM PIPE; exec sleep 1000";
  for (const std::string& script : {usual, silent}) {
    const TempDir dir;
    const std::string program = make_program(dir, script);
    AgentProcess agent(options_for(program, {"run"}));
    const pid_t pid = program_number(program);
    REQUIRE_FALSE(is_gone(pid));
    agent.kill();
    CHECK(eventually([&] { return is_gone(pid); }));
  }
}

TEST_CASE("an agent that is killed leaves nothing behind of what tegrastats has started",
          "[system][tegrastats]") {
  const TempDir dir;
  const std::string program = make_program(dir, "sleep 1000 & echo $! >\"$0.pid\"; wait");
  AgentProcess agent(options_for(program, {"run"}));
  pid_t sleeper = 0;
  REQUIRE(eventually([&] {
    sleeper = program_number(program);
    return read_file(fmt::format("/proc/{}/comm", sleeper)).value_or("") == "sleep\n";
  }));
  agent.kill();
  CHECK(eventually([&] { return is_gone(sleeper); }));
}

TEST_CASE("an agent that is told to stop ends tegrastats, also a silent one", "[system][tegrastats]") {
  for (const char* script : {usual.c_str(), "trap '' HUP INT TERM PIPE; exec sleep 1000"}) {
    const TempDir dir;
    const std::string program = make_program(dir, script);
    AgentProcess agent(options_for(program, {"run"}));
    const pid_t pid = program_number(program);
    CHECK(agent.stop() == 0);
    CHECK(eventually([&] { return is_gone(pid); }));
  }
}

TEST_CASE("a tegrastats that is killed is started again", "[system][tegrastats]") {
  const TempDir dir;
  const std::string program = make_program(dir, usual);
  const AgentProcess agent(options_for(program, {"run"}));
  const pid_t first = program_number(program);
  REQUIRE(agent.wait_for_out("tegrastats.ram.used"));
  ::kill(first, SIGKILL);
  CHECK(eventually([&] { return program_number(program) != first; }));
}

TEST_CASE("check shows what tegrastats gives and leaves nothing behind", "[system][tegrastats]") {
  const TempDir dir;
  const std::string program = make_program(dir, usual);
  const Finished check = run_agent(options_for(program, {"check", "tegrastats"}));
  CHECK(check.status == 0);
  CHECK_THAT(check.out, Contains("Chouette.tegrastats.ram.used") && Contains("zone:AO") && Contains("2,003"));
  CHECK(check.err.empty());
  CHECK(eventually([&] { return is_gone(program_number(program)); }));
}

TEST_CASE("check says in one line why tegrastats gives nothing", "[system][tegrastats]") {
  const TempDir dir;
  const Finished missing = run_agent(options_for(dir / "none", {"check", "tegrastats"}));
  CHECK(missing.status == 1);
  CHECK_THAT(missing.err, Contains("No such file") && Contains("set TEGRASTATS_PATH"));

  const Finished silent =
      run_agent(options_for(make_program(dir, "exec sleep 1000"), {"check", "tegrastats"}));
  CHECK(silent.status == 1);
  CHECK_THAT(silent.err, Contains("tegrastats has printed no statistics yet"));
  CHECK(silent.out.empty());
}

}  // namespace scops::test
