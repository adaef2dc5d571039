// The state folder and the machine in bad shape: the agent starts, says what is wrong once, and goes on
// delivering.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>

#include "core/io/sqlite.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
constexpr uid_t nobody = 65534;

Environment delivering_to(const std::string& url) {
  return {{"API_KEY", "0123456789abcdef"},     {"DATADOG_URL", url},
          {"CAPTURE_INTERVAL", "1"},           {"AGGREGATE_INTERVAL", "1"},
          {"RELEASE_INTERVAL", "1"},           {"SCOPS_DISPATCH_BACKOFF_MIN", "100ms"},
          {"SCOPS_DISPATCH_BACKOFF_MAX", "1s"}};
}

// As somebody who may write neither /var/lib/scops nor anything else that the program would take.
AgentOptions as_nobody(Environment environment) {
  for (const char* name : {"SCOPS_AGENT_STATE", "HOME"}) environment[name] = "";
  return {.environment = std::move(environment), .user = ::geteuid() == 0 ? nobody : 0};
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  REQUIRE(fs::file_size(path) == bytes.size());
}

std::string random_bytes(std::size_t count) {
  std::mt19937 random(7);
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// What a run of the agent leaves behind, in bytes.
std::string real_database() {
  AgentProcess agent;
  REQUIRE(agent.wait_for_out("Chouette.host.la"));
  REQUIRE(agent.stop() == 0);
  return read_file(agent.state() + "/buffer.db", 1U << 26U).value_or("");
}

std::string foreign_database() {
  const TempDir folder;
  {
    auto database = Database::open(folder / "other.db", 4096);
    REQUIRE(database);
    REQUIRE(database->exec(
        "CREATE TABLE people(name TEXT); INSERT INTO people VALUES('Ada'); PRAGMA application_id=7"));
  }
  return read_file(folder / "other.db").value_or("");
}

// Delivers, and says exactly one warning.
void check_it_works(const std::string& state) {
  HttpSink sink;
  Environment environment = delivering_to(sink.url());
  environment["SCOPS_AGENT_STATE"] = state;
  AgentProcess agent({.environment = environment});
  REQUIRE(sink.wait_for(1, long_enough));
  CHECK(agent.stop() == 0);
  INFO(agent.err());
  CHECK(count_of(agent.err(), "level=warn") == 1);
  CHECK(count_of(agent.err(), "level=error") == 0);
}

bool some_file_holds(const std::string& folder, const std::string& bytes) {
  for (const auto& file : fs::directory_iterator(folder)) {
    if (file.path().filename() == "buffer.db") continue;
    if (read_file(file.path().string(), 1U << 26U).value_or("") == bytes) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("without a writable folder the buffer is in memory, is said once, and delivers", "[system]") {
  REQUIRE((::geteuid() == 0 || ::access("/var/lib/scops", W_OK) != 0));
  HttpSink sink;
  AgentProcess agent(as_nobody(delivering_to(sink.url())));
  CHECK(sink.wait_for(2, long_enough));
  CHECK(agent.stop() == 0);
  INFO(agent.err());
  CHECK(count_of(agent.err(), "event=memory_only") == 1);
  CHECK(count_of(agent.err(), "level=warn") == 1);
  CHECK_THAT(agent.err(), Contains("state=none"));
}

TEST_CASE("a folder that was named and cannot be used at the start is used once it can be", "[system]") {
  const TempDir parent;
  fs::permissions(parent.path(), fs::perms{0555});
  HttpSink sink;
  AgentOptions options = as_nobody(delivering_to(sink.url()));
  options.environment["SCOPS_AGENT_STATE"] = parent / "state";
  AgentProcess agent(options);
  REQUIRE(agent.wait_for_err("event=started"));
  CHECK_THAT(agent.err(), Contains("buffer=memory"));
  CHECK(count_of(agent.err(), "event=memory_only") == 1);
  CHECK_THAT(agent.err(), Contains(parent / "state") && Contains("Permission denied"));
  REQUIRE(sink.wait_for(1, long_enough));
  fs::permissions(parent.path(), fs::perms{0777});
  CHECK(agent.wait_for_err("event=store_recovered"));
  CHECK(eventually([&] { return fs::exists(parent / "state/clock"); }));
  CHECK(agent.stop() == 0);
  CHECK(fs::exists(parent / "state/buffer.db"));
  CHECK(count_of(agent.err(), "level=warn") == 2);  // memory_only, clock_not_kept
}

TEST_CASE("buffer show says why it cannot open a folder", "[system]") {
  const TempDir parent;
  const std::string state = parent / "state";
  fs::create_directory(state);
  fs::permissions(parent.path(), fs::perms{0755});
  fs::permissions(state, fs::perms::none);
  AgentOptions options = as_nobody({});
  options.environment["SCOPS_AGENT_STATE"] = state;
  options.arguments = {"buffer", "show"};
  const Finished shown = run_agent(options);
  fs::permissions(state, fs::perms::owner_all);
  CHECK(shown.status == 1);
  CHECK(shown.out.empty());
  CHECK_THAT(shown.err, Contains(state) && Contains("Permission denied"));
}

TEST_CASE("a normal user without any setting sees metrics", "[system]") {
  AgentProcess agent(as_nobody({}));
  CHECK(agent.wait_for_out("Chouette.host.memory.used"));
  CHECK(agent.stop() == 0);
}

TEST_CASE("a file that is no database is kept aside with one warning", "[system]") {
  const std::string bytes =
      GENERATE(as<std::string>(), "this is a note to myself, not a database\n", "random");
  const std::string content = bytes == "random" ? random_bytes(50'000) : bytes;
  const TempDir state;
  write(state / "buffer.db", content);
  check_it_works(state.path());
  CHECK(some_file_holds(state.path(), content));
}

TEST_CASE("another program's database is kept aside with one warning", "[system]") {
  const TempDir state;
  const std::string content = foreign_database();
  REQUIRE(content.size() > 4096);
  write(state / "buffer.db", content);
  check_it_works(state.path());
  CHECK(some_file_holds(state.path(), content));
}

TEST_CASE("a damaged database is kept aside with one warning", "[system]") {
  const TempDir state;
  std::string content = real_database();
  REQUIRE(content.size() >= 2048);
  const bool torn = GENERATE(true, false);
  if (torn) {
    content.resize(content.size() / 2 + 100);
  } else {
    content.replace(100, content.size() - 100, random_bytes(content.size() - 100));  // all but its head
  }
  write(state / "buffer.db", content);
  check_it_works(state.path());
  CHECK(fs::exists(state / "buffer.db.aside-1"));
}

TEST_CASE("an empty file is as good as none", "[system]") {
  const TempDir state;
  write(state / "buffer.db", "");
  HttpSink sink;
  Environment environment = delivering_to(sink.url());
  environment["SCOPS_AGENT_STATE"] = state.path();
  AgentProcess agent({.environment = environment});
  CHECK(sink.wait_for(2, long_enough));
  CHECK(agent.stop() == 0);
  CHECK(count_of(agent.err(), "level=error") == 0);
  CHECK(fs::file_size(state / "buffer.db") > 0);
}

TEST_CASE("a second agent on the same folder says so and does not start", "[system]") {
  const AgentProcess first;
  REQUIRE(first.wait_for_out("Chouette.host.la"));
  const Finished second = run_agent({.environment = {{"SCOPS_AGENT_STATE", first.state()}}});
  CHECK(second.status > 0);
  CHECK_THAT(second.err, Contains("another agent") && Contains(first.state()));
}

TEST_CASE("showing the buffer changes nothing in it", "[system]") {
  HttpSink sink;
  const TempDir state;
  Environment environment = delivering_to(sink.url());
  environment["SCOPS_AGENT_STATE"] = state.path();
  for (int run = 0; run < 2; ++run) {
    AgentProcess agent({.environment = environment});
    REQUIRE(sink.wait_for(sink.requests().size() + 1, long_enough));
    CHECK(agent.stop() == 0);
    // In a shell, where the service's API_KEY is not set.
    const Finished shown =
        run_agent({.arguments = {"buffer", "show"}, .environment = {{"SCOPS_AGENT_STATE", state.path()}}});
    CHECK(shown.status == 0);
  }
  std::map<PointId, int> counts;
  for (const SentPoint& point : points_of(sink.requests())) {
    INFO(to_string(point.id));
    CHECK(++counts[point.id] == 1);
  }
}

TEST_CASE("looking for a buffer that is not there says where, and makes none", "[system]") {
  const TempDir home;
  fs::permissions(home.path(), fs::perms::all);
  // Where an agent has run as root, what it left there is its own.
  const fs::perms usual_folder = fs::status("/var/lib/scops").permissions();
  const bool closed =
      fs::exists("/var/lib/scops/buffer.db") ||
      (fs::exists("/var/lib/scops") && (usual_folder & fs::perms::others_exec) == fs::perms::none);
  for (const char* verb : {"show", "drop"}) {
    const Finished named = run_agent(
        {.arguments = {"buffer", verb}, .environment = {{"SCOPS_AGENT_STATE", home / "wanted/state"}}});
    CHECK(named.status == 1);
    CHECK_THAT(named.err, Contains("there is no buffer at " + home / "wanted/state"));
    AgentOptions options = as_nobody({});
    options.arguments = {"buffer", verb};
    options.environment["XDG_STATE_HOME"] = home / "xdg";
    const Finished usual = run_agent(options);
    CHECK(usual.status == 1);
    CHECK_THAT(usual.err, Contains(closed ? "open /var/lib/scops/buffer.lock: Permission denied"
                                          : "there is no buffer at /var/lib/scops, " + home / "xdg/scops"));
  }
  CHECK(fs::is_empty(home.path()));
}

TEST_CASE("what waits in the buffer can be dropped, but not under a running agent", "[system]") {
  HttpSink sink;
  sink.otherwise({.status = 503, .body = "down"});
  const TempDir state;
  const Environment environment = with(delivering_to(sink.url()), {{"SCOPS_AGENT_STATE", state.path()}});
  const auto drop = [&state] {
    return run_agent({.arguments = {"buffer", "drop"}, .environment = {{"SCOPS_AGENT_STATE", state.path()}}});
  };
  {
    AgentProcess agent({.environment = environment});
    REQUIRE(sink.wait_for(2, long_enough));
    const Finished refused = drop();
    CHECK(refused.status == 1);
    CHECK_THAT(refused.err, Contains("another agent"));
    CHECK(agent.stop() == 0);
  }
  const auto waiting = stored_points(state.path());
  REQUIRE_FALSE(waiting.empty());
  const Finished dropped = drop();
  CHECK(dropped.status == 0);
  CHECK(dropped.out == std::to_string(waiting.size()) + " records dropped\n");

  sink.otherwise({});
  const auto before = static_cast<std::ptrdiff_t>(sink.requests().size());
  AgentProcess next({.environment = environment});
  REQUIRE(sink.wait_for(sink.requests().size() + 2, long_enough));
  CHECK(next.stop() == 0);
  const auto requests = sink.requests();
  for (const auto& [point, count] : counted({requests.begin() + before, requests.end()})) {
    INFO(to_string(point));
    CHECK(waiting.count(point) == 0);
  }
}

TEST_CASE("a proc root that is not there is said clearly, and the agent goes on", "[system]") {
  AgentProcess agent({.environment = {{"SCOPS_HOST_PROC", "/nonexistent/proc"},
                                      {"CAPTURE_INTERVAL", "1s"},
                                      {"SCOPS_HTTP_LISTEN", "127.0.0.1:0"}}});
  CHECK(agent.wait_for_err("no procfs at '/nonexistent/proc'"));
  CHECK_THAT(agent.err(), Contains("SCOPS_HOST_PROC"));
  CHECK(agent.page("/healthz").status == 200);
  CHECK(eventually([&] {
    return agent.page("/metrics").body.find("scops_collect_runs_total{collector=\"host\"} 3") !=
           std::string::npos;
  }));
  CHECK(count_of(agent.err(), "no procfs") == 1);
  CHECK(agent.stop() == 0);
}

TEST_CASE("a missing file of proc costs its own group only", "[system]") {
  const TempDir proc;
  const std::string lacking = GENERATE("meminfo", "loadavg");
  for (const std::string name : {"stat", "loadavg", "meminfo"}) {
    if (name != lacking) write(proc / name, read_file("/proc/" + name).value_or(""));
  }
  const Finished check =
      run_agent({.arguments = {"check", "--json"}, .environment = {{"SCOPS_HOST_PROC", proc.path()}}});
  const auto metrics = metrics_of_json_lines(check.out);
  CHECK(metrics.count("Chouette.host.memory.used") == (lacking == "meminfo" ? 0 : 1));
  CHECK(metrics.count("Chouette.host.la") == (lacking == "loadavg" ? 0 : 1));
  CHECK(metrics.count("Chouette.host.memory.used") + metrics.count("Chouette.host.la") == 1);
}

}  // namespace scops::test
