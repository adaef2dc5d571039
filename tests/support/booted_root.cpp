#include "tests/support/booted_root.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "core/io/files.hpp"
#include "core/model/text.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/shell.hpp"
#include "tests/support/spawn.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view packages = "systemd,systemd-sysv,dbus,ca-certificates";
constexpr std::string_view libraries =
    ",libcurl4,libsqlite3-0,libfmt9,libhiredis0.14,libmicrohttpd12,libssl3,zlib1g,libzstd1";

bool has_program(const std::string& name) {
  return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0;
}

std::string folder_of_roots() { return fs::path(SCOPS_BINARY).parent_path() / "booted"; }

// What mmdebstrap is told of another suite than its own sources have: their mirror.
constexpr const char* mirror =
    "$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/*$' | head -n 1)";

// The unpacked root, made if there is none; empty when that did not work, and then `why` says so.
std::string make_root(const std::string& suite, std::string& why) {
  const std::string wanted = std::string(packages).append(suite.empty() ? libraries : "");
  const std::string folder = folder_of_roots() + suite;
  const std::string root = folder + "/root";
  fs::create_directories(folder);
  const Fd lock(::open((folder + "/lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  ::flock(lock.get(), LOCK_EX);
  if (read_file(folder + "/packages").value_or("") == wanted) return root;
  fs::remove_all(root);
  const std::string log =
      output_of(fmt::format("timeout 600 mmdebstrap --variant=minbase --include={} {} '{}' {}", wanted,
                            suite.empty() ? "$(. /etc/os-release && echo $VERSION_CODENAME)" : suite, root,
                            suite.empty() ? "" : mirror));
  if (!fs::exists(root + "/lib/systemd/systemd")) {
    why = "no root could be made: " + log;
    return "";
  }
  std::ofstream(folder + "/packages") << wanted;
  return root;
}

pid_t child_of(pid_t pid) {
  const std::string children = read_file(fmt::format("/proc/{0}/task/{0}/children", pid)).value_or("");
  std::string_view rest = children;
  return static_cast<pid_t>(to_int(next_word(rest)).value_or(0));
}

}  // namespace

BootedRoot::BootedRoot(const Binds& binds, const std::string& suite) {
  const std::string why = start(binds, suite);
  ready_ = why.empty();
  if (ready_) return;
  not_tested("with a real systemd: " + why);
}

BootedRoot::~BootedRoot() {
  if (pid_ <= 0) return;
  if (init_ > 0) ::kill(init_, SIGKILL);  // and with it all in its namespace
  (void)eventually([this] { return ::waitpid(pid_, nullptr, WNOHANG) != 0; }, std::chrono::seconds(10));
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string BootedRoot::start(const Binds& binds, const std::string& suite) {
  if (::getuid() != 0) return "it needs root";
  for (const char* program : {"systemd-nspawn", "mmdebstrap", "nsenter", "unshare"}) {
    if (!has_program(program)) {
      return fmt::format("no {} (packages systemd-container, mmdebstrap, util-linux)", program);
    }
  }
  std::string why;
  const std::string root = make_root(suite, why);
  if (root.empty()) return why;
  std::vector<std::string> words{"unshare",
                                 "--mount",
                                 "--propagation",
                                 "private",
                                 "systemd-nspawn",
                                 "--register=no",
                                 "--keep-unit",
                                 "--quiet",
                                 "--volatile=overlay",
                                 "--directory=" + root,
                                 fmt::format("--machine=scops{}", ::getpid())};
  for (const auto& [here, there] : binds) words.push_back(fmt::format("--bind-ro={}:{}", here, there));
  words.emplace_back("--boot");
  const std::string log = folder_ / "log";
  pid_ = spawn(words, log);
  const bool up = eventually([this] {
    init_ = child_of(pid_);
    if (init_ <= 0 || read_file(fmt::format("/proc/{}/comm", init_)).value_or("") != "systemd\n")
      return false;
    const std::string state = run("systemctl is-system-running");
    return state == "running\n" || state == "degraded\n";
  });
  return up ? "" : "it does not boot: " + read_file(log).value_or("");
}

std::string BootedRoot::run(const std::string& command) const {
  std::ofstream(folder_ / "command") << command << '\n';
  return output_of(
      fmt::format("timeout 60 nsenter --target {} --all env - PATH=/usr/sbin:/usr/bin:/sbin:/bin sh <'{}'",
                  init_, folder_ / "command"));
}

void BootedRoot::write(const std::string& path, const std::string& content) const {
  (void)run(fmt::format("mkdir -p \"$(dirname {0})\"; cat >{0} <<'END'\n{1}\nEND", path, content));
}

pid_t BootedRoot::outer_pid(const std::string& inner) const {
  const auto space = [](pid_t pid) {
    std::error_code error;
    return fs::read_symlink(fmt::format("/proc/{}/ns/pid", pid), error).string();
  };
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const auto pid = static_cast<pid_t>(to_int(entry.path().filename().string()).value_or(0));
    if (pid <= 0 || space(pid) != space(init_)) continue;
    for (const std::string& line : lines_of(read_file(fmt::format("/proc/{}/status", pid)).value_or(""))) {
      if (line.starts_with("NSpid:") && line.ends_with("\t" + inner)) return pid;
    }
  }
  return 0;
}

}  // namespace scops::test
