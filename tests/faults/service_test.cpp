// The unit as it is shipped: what systemd says of it, and what it is under a real one.
#include <fmt/format.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "core/io/files.hpp"
#include "core/model/text.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/booted_root.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/shell.hpp"
#include "tests/support/stuck_thread.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

const std::string folder = std::string(SCOPS_SOURCE_DIR) + "/systemd/";

// What a command prints, and its status in words.
std::string shell(const std::string& command) { return output_of(command + "; echo \"status $?\""); }

bool has_analyze() {
  if (std::system("command -v systemd-analyze >/dev/null 2>&1") == 0) return true;
  not_tested("no systemd-analyze (package systemd)");
  return false;
}

// A root with the unit, its drop-ins and a program in it.
void stage(const TempDir& root) {
  const fs::path units = root / "etc/systemd/system";
  fs::create_directories(units / "scops.service.d");
  fs::create_directories(root / "usr/bin");
  fs::copy_file(folder + "scops.service", units / "scops.service");
  for (const auto& file : fs::directory_iterator(folder + "drop-ins")) {
    fs::copy_file(file.path(), units / "scops.service.d" / file.path().filename());
  }
  fs::copy_file("/bin/true", root / "usr/bin/scops");
  for (const char* target : {"sysinit", "basic", "shutdown"})  // what every unit waits for by itself
    std::ofstream(units / (std::string(target) + ".target")) << "[Unit]\n";
}

// The value of a row of systemctl show.
std::string shown(const BootedRoot& root, const std::string& name) {
  return std::string(trim(root.run("systemctl show --value -p " + name + " scops")));
}

// A drop-in with what a systemd that does not know @system-service makes of the unit's filter.
std::string older_filter() {
  std::string text = "[Service]\nSystemCallFilter=\n";
  for (const std::string& line : lines_of(read_file(folder + "scops.service").value_or(""))) {
    if (line.starts_with("SystemCallFilter=") && line.find("@system-service") == std::string::npos)
      text += line + "\n";
  }
  return text;
}

std::string row_of(const std::string& status, std::string_view name) {
  for (const std::string& line : lines_of(status)) {
    if (line.starts_with(name)) return std::string(trim(std::string_view(line).substr(name.size())));
  }
  return "";
}

std::set<std::int64_t> times_of(const HttpSink& sink) {
  std::set<std::int64_t> times;
  for (const SentPoint& point : points_of(sink.requests())) {
    if (point.id.metric.find("host.") != std::string::npos) times.insert(point.id.time_ms);
  }
  return times;
}

bool has_metric(const HttpSink& sink, std::string_view part) {
  for (const SentPoint& point : points_of(sink.requests())) {
    if (point.id.metric.find(part) != std::string::npos) return true;
  }
  return false;
}

std::string settings_for(const HttpSink& sink) {
  return "API_KEY=0123456789abcdef\nDATADOG_URL=" + sink.url() +
         "\nSCOPS_HTTP_LISTEN=127.0.0.1:0\nCAPTURE_INTERVAL=1\nAGGREGATE_INTERVAL=1\nRELEASE_INTERVAL=1\n"
         "COLLECTOR_PLUGINS=[\"host\",\"docker\"]\nSCOPS_DOCKER_SOCKET=/srv/docker.sock\n";
}

// An engine whose socket only the group 4242 may use.
struct Engine {
  TempDir dir;
  std::string path = dir / "docker.sock";
  FakeEngine engine{path, [](const std::string& target) {
                      FakeEngine::Answer answer;
                      if (target.find("/containers/json") != std::string::npos) answer.body = "[]";
                      return answer;
                    }};
  Engine() {
    REQUIRE(::chown(path.c_str(), 0, 4242) == 0);
    REQUIRE(::chmod(path.c_str(), 0660) == 0);
  }
};

void check_rights(const BootedRoot& root, pid_t pid) {
  const std::string status = read_file(fmt::format("/proc/{}/status", pid)).value_or("");
  for (const char* set : {"CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"}) {
    CHECK(row_of(status, set) == "0000000000000000");
  }
  CHECK(row_of(status, "NoNewPrivs:") == "1");
  CHECK(row_of(status, "Seccomp:") == "2");  // a filter
  const std::string user = row_of(status, "Uid:");
  CHECK_FALSE(user.starts_with("0"));
  const std::string stored = root.run("stat -Lc '%u %a' /var/lib/scops; ls /var/lib/scops/");
  CHECK_THAT(stored, Contains(user.substr(0, user.find('\t')) + " 700") && Contains("buffer.db"));
}

}  // namespace

TEST_CASE("systemd finds no fault with the unit and its drop-ins", "[faults]") {
  if (!has_analyze()) return;
  const TempDir root;
  stage(root);
  CHECK(shell("systemd-analyze --root='" + root.path() + "' verify scops.service") == "status 0\n");
}

TEST_CASE("the unit's exposure is at most 1.5", "[faults]") {
  if (!has_analyze()) return;
  const std::string said =
      shell("systemd-analyze security --offline=true --threshold=15 '" + folder + "scops.service'");
  INFO(said);
  CHECK_THAT(said, Contains("status 0"));
  const std::string level = said.substr(said.find("Overall"));
  record_fault({.area = "Least privilege",
                .promise = "exposure at most 1.5",
                .fault = "systemd-analyze security of the shipped unit",
                .tried = 1,
                .outcome = lines_of(level).front()});
}

TEST_CASE("the unit's filter is enough where systemd does not know @system-service", "[faults]") {
  if (fault_tries(0, 1) == 0) return;  // boots a system
  HttpSink sink;
  BootedRoot root(
      {{SCOPS_BINARY, "/usr/bin/scops"}, {folder + "scops.service", "/etc/systemd/system/scops.service"}});
  if (!root.ready()) return;
  root.write("/etc/scops/scops.env", "API_KEY=0123456789abcdef\nDATADOG_URL=" + sink.url() +
                                         "\nCAPTURE_INTERVAL=1\nAGGREGATE_INTERVAL=1\nRELEASE_INTERVAL=1\n");
  root.write("/etc/systemd/system/scops.service.d/older.conf", older_filter());
  CHECK(root.run("systemctl daemon-reload; systemctl start scops").empty());
  CHECK(eventually([&] { return has_metric(sink, "host.cpu"); }));
  CHECK(root.run("systemctl stop scops").empty());
  const std::string log = root.run("journalctl --no-pager -u scops");
  INFO(log);
  CHECK_THAT(log, Contains("buffer=embedded") && Contains("event=stopped") && !Contains("level=warn"));
  record_fault({.area = "Least privilege",
                .promise = "an old systemd's filter of system calls leaves what the agent needs",
                .fault = "@system-service taken out of the unit, as before systemd 239",
                .tried = 1,
                .outcome = "collects, buffers, delivers, stops"});
}

TEST_CASE("the unit under a real systemd: rights, watchdog, docker by group, stop", "[faults]") {
  if (only_in_faults("it boots a system, which needs a mirror of Debian the first time")) return;
  const int tries = 3;
  HttpSink sink;
  const Engine engine;
  BootedRoot root({{SCOPS_BINARY, "/usr/bin/scops"},
                   {folder + "scops.service", "/etc/systemd/system/scops.service"},
                   {engine.path, "/srv/docker.sock"},
                   {folder + "drop-ins/docker.conf", "/etc/systemd/system/scops.service.d/docker.conf"}});
  if (!root.ready()) return;
  (void)root.run("echo docker:x:4242: >>/etc/group");
  root.write("/etc/scops/scops.env", settings_for(sink));
  (void)root.run("chmod 600 /etc/scops/scops.env");
  // The limit of the release counts; only the patience is shorter than a user's.
  root.write("/etc/systemd/system/scops.service.d/test.conf", "[Service]\nWatchdogSec=4\nRestartSec=0\n");
  REQUIRE(root.run("systemctl daemon-reload; systemctl start scops").empty());
  INFO(root.run("journalctl --no-pager -u scops | tail -n 60"));
  CHECK(shown(root, "ActiveState") == "active");  // start returned at READY=1
  CHECK_THAT(shown(root, "StatusText"), Contains("Collecting host, docker"));
  CHECK(eventually(
      [&] { return has_metric(sink, "host.cpu") && engine.engine.asked("/containers/json") > 0; }));

  for (int i = 1; i <= tries; ++i) {
    const pid_t pid = root.outer_pid(shown(root, "MainPID"));
    REQUIRE(pid > 0);
    check_rights(root, pid);
    const auto times = times_of(sink);
    pid_t thread = 0;
    for (const auto& task : fs::directory_iterator(fmt::format("/proc/{}/task", pid))) {
      if (read_file(task.path().string() + "/comm").value_or("") == "out-datadog\n")
        thread = static_cast<pid_t>(to_int(task.path().filename().string()).value_or(0));
    }
    const StuckThread stuck(thread);
    REQUIRE(eventually(
        [&] {
          stuck.reap();
          return shown(root, "NRestarts") == std::to_string(i);
        },
        std::chrono::seconds(120)));
    CHECK(eventually([&] { return shown(root, "ActiveState") == "active"; }));
    CHECK(eventually([&] { return times_of(sink).size() > times.size() + 5; }));
  }
  CHECK_THAT(root.run("journalctl --no-pager -u scops"),
             Contains("Watchdog timeout") && Contains("event=stuck output=datadog"));

  const auto began = std::chrono::steady_clock::now();
  CHECK(root.run("systemctl stop scops").empty());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  CHECK(took.count() < 5);
  CHECK(shown(root, "Result") == "success");
  CHECK(shown(root, "ExecMainStatus") == "0");
  record_fault({.area = "Start and stop",
                .promise = "a dispatch thread that hangs makes systemd restart the agent",
                .fault = "the thread is stopped by ptrace(2) under a real systemd (nspawn), WatchdogSec=4",
                .tried = tries,
                .outcome = fmt::format("restarted each time, delivers again; systemctl stop took {:.1f} s",
                                       took.count())});
  record_fault({.area = "Least privilege",
                .promise = "the shipped unit needs no right",
                .fault = "started under a real systemd: DynamicUser, no capability, seccomp filter, docker's "
                         "socket by group",
                .tried = tries + 1,
                .outcome = "host and docker metrics delivered, the buffer is in its state folder"});
}

}  // namespace scops::test
