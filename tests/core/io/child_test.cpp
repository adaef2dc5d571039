#include "core/io/child.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/model/text.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/temp_dir.hpp"

using namespace scops;
using scops::test::eventually;
using scops::test::TempDir;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds long_wait{20'000};

ChildCommand shell(const std::string& script) {
  return {.arguments = {"/bin/sh", "-c", script}, .environment = {"PATH=/usr/bin:/bin"}};
}

std::unique_ptr<Child> started(const ChildCommand& command) {
  Result<std::unique_ptr<Child>> child = Child::start(command);
  REQUIRE(child.has_value());
  return std::move(*child);
}

// The next line; "<nothing>" when it does not come, "<ended>" after the last.
std::string next_line(Child& child, milliseconds patience = long_wait) {
  for (std::string_view line;;) {
    if (child.take_line(line)) return std::string(line);
    const Child::Event event = child.wait(patience);
    if (event == Child::Event::nothing) return "<nothing>";
    if (event == Child::Event::ended) return "<ended>";
  }
}

// Ended, or nothing but a zombie that waits for its parent.
bool is_gone(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text;
  std::getline(file, text);
  const std::size_t end = text.rfind(')');
  return end == std::string::npos || text.substr(end + 2, 1) == "Z";
}

pid_t to_pid(const std::string& text) { return static_cast<pid_t>(to_int(text).value_or(0)); }

}  // namespace

TEST_CASE("a child's lines arrive one by one, then its end", "[child]") {
  const auto child = started(shell("echo one; echo two; printf half"));
  CHECK(next_line(*child) == "one");
  CHECK(next_line(*child) == "two");
  CHECK(next_line(*child) == "<ended>");
  CHECK(child->stop());
  CHECK(child->ending() == "exit status 0");
}

TEST_CASE("a child that ends badly leaves its status and its last words", "[child]") {
  const auto child = started(shell("echo first >&2; echo 'no such board' >&2; exit 3"));
  CHECK(next_line(*child) == "<ended>");
  CHECK(child->stop());
  CHECK(child->ending() == "exit status 3");
  CHECK(child->last_words() == "no such board");
}

TEST_CASE("a program that is not there is absent, one that cannot be executed is refused", "[child]") {
  const TempDir dir;
  const auto missing = Child::start({.arguments = {dir / "none"}, .environment = {}});
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().kind == ErrorKind::absent);
  CHECK(missing.error().text == fmt::format("start {}: No such file or directory", dir / "none"));

  std::ofstream(dir / "plain") << "#!/bin/sh\n";
  const auto plain = Child::start({.arguments = {dir / "plain"}, .environment = {}});
  REQUIRE_FALSE(plain.has_value());
  CHECK(plain.error().kind == ErrorKind::refused);
  CHECK(plain.error().text == fmt::format("start {}: Permission denied", dir / "plain"));
}

TEST_CASE("a silent child is waited for as long as said, and can be stopped", "[child]") {
  const auto child = started(shell("exec sleep 1000"));
  CHECK(child->wait(milliseconds(20)) == Child::Event::nothing);
  const pid_t pid = child->pid();
  CHECK(child->stop(long_wait));
  CHECK(child->pid() == 0);
  CHECK(child->ending() == "signal 9");
  CHECK(::kill(pid, 0) == -1);
}

TEST_CASE("a child is stopped with all that it started", "[child]") {
  const auto child = started(shell("sleep 1000 & echo $!; wait"));
  const pid_t grandchild = to_pid(next_line(*child));
  REQUIRE(grandchild > 0);
  CHECK_FALSE(is_gone(grandchild));
  CHECK(child->stop(long_wait));
  CHECK(eventually([&] { return is_gone(grandchild); }));
}

TEST_CASE("a child that leaves others behind with its output has ended all the same", "[child]") {
  const auto child = started(shell("trap '' HUP; sleep 1000 & echo $!"));
  const pid_t grandchild = to_pid(next_line(*child));
  CHECK(eventually([&] { return child->wait(milliseconds(20)) == Child::Event::ended; }));
  CHECK(child->stop(long_wait));
  CHECK(eventually([&] { return is_gone(grandchild); }));
}

TEST_CASE("a child dies with the thread that started it", "[child]") {
  std::unique_ptr<Child> child;
  std::thread([&child] { child = started(shell("trap '' HUP TERM; while :; do sleep 1000; done")); }).join();
  CHECK(eventually(
      [&] { return child->wait(milliseconds(20)) == Child::Event::ended || is_gone(child->pid()); }));
  CHECK(child->stop(long_wait));
  CHECK(child->ending() == "signal 9");
}

TEST_CASE("what a child has started ends when the child is killed by the end of its thread", "[child]") {
  std::unique_ptr<Child> child;
  pid_t grandchild = 0;
  std::thread([&] {
    child = started(shell("sleep 1000 & echo $!; wait"));
    grandchild = to_pid(next_line(*child));
  }).join();
  REQUIRE(grandchild > 0);
  CHECK(eventually([&] { return is_gone(grandchild); }));
}

TEST_CASE("a child sees only the environment and the descriptors it was given", "[child]") {
  ::setenv("SCOPS_TEST_SECRET", "hunter2", 1);
  const auto child = started(shell("env | grep -c -e SECRET -e hunter2; ls /proc/self/fd | wc -l"));
  CHECK(next_line(*child) == "0");
  CHECK(std::stoi(next_line(*child)) == 4);  // three, and the folder that ls reads
  for (const std::string& variable : child_environment()) {
    CHECK(variable.find("SECRET") == std::string::npos);
    CHECK(variable.find('=') != std::string::npos);
  }
}

TEST_CASE("a child starts without our blocked and ignored signals, and reads nothing", "[child]") {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked;
  sigset_t old;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &old);
  const auto child = started({.arguments = {"/bin/cat", "/proc/self/status", "-"}, .environment = {}});
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  (void)std::signal(SIGPIPE, before);
  std::string masks;
  for (std::string line = next_line(*child); line != "<ended>"; line = next_line(*child)) {
    if (line.starts_with("SigBlk") || line.starts_with("SigIgn")) masks += line.substr(8);
  }
  CHECK(masks == std::string(32, '0'));
}

TEST_CASE("a child that floods its standard error neither grows us nor hangs us", "[child]") {
  const auto child = started(shell("yes error >&2"));
  for (int i = 0; i < 5; ++i) CHECK(child->wait(milliseconds(10)) == Child::Event::nothing);
  CHECK(child->last_words() == "error");
}

TEST_CASE("a line that never ends is thrown away", "[child]") {
  ChildCommand command = shell("yes | tr -d '\\n' | head -c 1000000; echo; echo last");
  command.line_max = 100;
  const auto child = started(command);
  CHECK(next_line(*child) == "last");
  CHECK(child->too_long_lines() == 1);
}

TEST_CASE("a child can be started where the standard streams are closed", "[child]") {
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (int fd = 0; fd < 3; ++fd) ::close(fd);
    const auto child = Child::start(shell("echo fine"));
    std::string_view line;
    const bool fine = child && (*child)->wait(long_wait) == Child::Event::output &&
                      (*child)->take_line(line) && line == "fine";
    ::_exit(fine ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
}
