#include "tests/support/agent_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "core/model/text.hpp"

namespace scops::test {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds turn{10};

// A test that cannot start its program can say nothing.
void demand(bool condition, const char* what) {
  if (condition) return;
  std::perror(what);
  std::abort();
}

struct Pipe {
  Fd reader;
  Fd writer;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  demand(::pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
  return {Fd(ends[0]), Fd(ends[1])};
}

Pipe make_terminal() {
  int controller = -1;
  int terminal = -1;
  demand(::openpty(&controller, &terminal, nullptr, nullptr, nullptr) == 0, "openpty");
  ::fcntl(controller, F_SETFD, FD_CLOEXEC);
  ::fcntl(terminal, F_SETFD, FD_CLOEXEC);
  return {Fd(controller), Fd(terminal)};
}

std::vector<std::string> environment_of(const AgentOptions& options, const std::string& state) {
  std::map<std::string, std::string> all;
  for (const char* name : {"PATH", "TMPDIR", "HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (const char* const value = std::getenv(name)) all[name] = value;
  }
  all["SCOPS_AGENT_STATE"] = state;
  all["SCOPS_HTTP_LISTEN"] = "off";
#ifdef SCOPS_SANITIZED
  all["SCOPS_AGENT_MEMORY_MAX"] = "0";  // what a sanitizer takes is beyond any cap
#endif
  for (const auto& [name, value] : options.environment) all[name] = value;
  std::vector<std::string> entries;
  for (const auto& [name, value] : all) {
    if (!value.empty()) entries.push_back(fmt::format("{}={}", name, value));
  }
  return entries;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

struct Child {
  int in, out, err, program;
  uid_t user;
  std::optional<rlim_t> file_size_max;
  char* const* arguments;
  char* const* environment;
};

// Between fork and exec: system calls only, other threads may have held any lock.
[[noreturn]] void become(const Child& child) {
  constexpr int failed = 127;
  ::dup2(child.in, STDIN_FILENO);
  ::dup2(child.out, STDOUT_FILENO);
  ::dup2(child.err, STDERR_FILENO);
  if (child.file_size_max) {
    const rlimit limit{*child.file_size_max, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);
  }
  const bool same_user = child.user == 0;
  if (!same_user && (::setgroups(0, nullptr) != 0 || ::setresgid(child.user, child.user, child.user) != 0 ||
                     ::setresuid(child.user, child.user, child.user) != 0)) {
    ::_exit(failed);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // after the change of user, which would undo it
#ifdef SCOPS_EMULATED
  ::fcntl(child.program, F_SETFD, 0);  // a script, which its shell opens once more
#endif
  if (::chdir("/") == 0) ::fexecve(child.program, child.arguments, child.environment);
  ::_exit(failed);
}

}  // namespace

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto deadline = SteadyClock::now() + limit;
  while (!condition()) {
    if (SteadyClock::now() >= deadline) return false;
    std::this_thread::sleep_for(turn);
  }
  return true;
}

Environment with(Environment environment, const Environment& more) {
  for (const auto& [name, value] : more) environment[name] = value;
  return environment;
}

AgentProcess::AgentProcess(const AgentOptions& options) {
  // Opened here, so that another user need not have access to the build folder.
  const Fd program(::open(SCOPS_BINARY, O_RDONLY | O_CLOEXEC));
  demand(program.valid(), SCOPS_BINARY);
  Pipe in = make_pipe();
  Pipe out = options.terminal ? make_terminal() : make_pipe();
  Pipe err = make_pipe();
  const auto written = ::write(in.writer.get(), options.input.data(), options.input.size());
  demand(std::cmp_equal(written, options.input.size()), "standard input");
  in.writer.reset();

  std::vector<std::string> arguments = {"scops"};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  std::vector<std::string> environment = environment_of(options, state());
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(environment);
  const Child child{.in = in.reader.get(),
                    .out = out.writer.get(),
                    .err = err.writer.get(),
                    .program = program.get(),
                    .user = options.user,
                    .file_size_max = options.file_size_max,
                    .arguments = argv.data(),
                    .environment = envp.data()};
  Pipe started = make_pipe();  // its end is closed by exec
  pid_ = ::fork();
  demand(pid_ >= 0, "fork");
  if (pid_ == 0) become(child);
  // Until it is the program: before that it still has all our descriptors, listening sockets too.
  started.writer.reset();
  char nothing = 0;
  demand(::read(started.reader.get(), &nothing, 1) == 0, "exec");
  out_fd_ = std::move(out.reader);
  err_fd_ = std::move(err.reader);
  capturer_ = std::jthread([this] { capture(); });
}

AgentProcess::~AgentProcess() { kill(); }

// Until the program, and all that it has started, has closed both.
void AgentProcess::capture() {
  std::array<pollfd, 2> watched{pollfd{out_fd_.get(), POLLIN, 0}, pollfd{err_fd_.get(), POLLIN, 0}};
  std::array<char, 65536> piece{};
  while (watched[0].fd >= 0 || watched[1].fd >= 0) {
    ::poll(watched.data(), watched.size(), -1);
    for (pollfd& one : watched) {
      if (one.fd < 0 || one.revents == 0) continue;
      const ssize_t count = ::read(one.fd, piece.data(), piece.size());
      if (count <= 0) {  // a terminal ends with EIO
        one.fd = -1;
        continue;
      }
      const std::scoped_lock lock(mutex_);
      (&one == watched.data() ? out_ : err_).append(piece.data(), static_cast<std::size_t>(count));
    }
  }
}

std::string AgentProcess::copy(const std::string& text) const {
  const std::scoped_lock lock(mutex_);
  return text;
}

std::string AgentProcess::out() const { return copy(out_); }
std::string AgentProcess::err() const { return copy(err_); }

bool AgentProcess::wait_for(const std::string& text, std::string_view wanted,
                            std::chrono::milliseconds limit) const {
  return eventually([&] { return copy(text).find(wanted) != std::string::npos; }, limit);
}

bool AgentProcess::wait_for_out(std::string_view text, std::chrono::milliseconds limit) const {
  return wait_for(out_, text, limit);
}

bool AgentProcess::wait_for_err(std::string_view text, std::chrono::milliseconds limit) const {
  return wait_for(err_, text, limit);
}

void AgentProcess::signal(int number) const {
  if (!status_) ::kill(pid_, number);
}

int AgentProcess::wait(std::chrono::milliseconds limit) {
  (void)eventually([this] { return !running(); }, limit);
  if (status_ && capturer_.joinable()) capturer_.join();
  return status_.value_or(-1);
}

int AgentProcess::stop(std::chrono::milliseconds limit) {
  signal(SIGTERM);
  return wait(limit);
}

void AgentProcess::kill() {
  signal(SIGKILL);
  (void)wait();
}

bool AgentProcess::running() {
  if (status_) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_ || !(WIFEXITED(status) || WIFSIGNALED(status))) return true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

Finished run_agent(const AgentOptions& options) {
  AgentProcess agent(options);
  const int status = agent.wait();
  return {status, agent.out(), agent.err()};
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) lines.emplace_back(cut(text, '\n'));
  return lines;
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size()))
    ++count;
  return count;
}

}  // namespace scops::test
