#include "core/io/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <utility>

#include "core/runtime/stop.hpp"

namespace scops {
namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::array passed_on{"PATH",     "HOME", "LANG",   "LC_ALL",
                               "LC_CTYPE", "TZ",   "TMPDIR", "LD_LIBRARY_PATH"};
constexpr std::size_t error_line_max = 1024;
constexpr std::size_t last_words_max = 200;
constexpr int error_reads = 64;  // a wait() takes no more of standard error than 64 times a line
constexpr int exit_not_started = 127;

struct Pipe {
  Fd read, write;
};

// Not 0, 1 or 2, which may be free in a process that was started with closed standard streams: the child
// moves descriptors there.
Fd above_standard(int fd) {
  Fd owned(fd);
  if (fd < 0 || fd > STDERR_FILENO) return owned;
  return Fd(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));  // NOLINT(*-vararg)
}

std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  Pipe made{.read = above_standard(ends[0]), .write = above_standard(ends[1])};
  if (!made.read.valid() || !made.write.valid()) return std::nullopt;
  // Of this end only: the child's is to block.
  ::fcntl(made.read.get(), F_SETFL, O_NONBLOCK);  // NOLINT(*-vararg)
  return made;
}

// A terminal of its own for the child, which nobody uses: when a session's leader dies, the kernel sends
// SIGHUP to what else runs at the terminal. So what a killed child has started ends with it.
struct Terminal {
  Fd master, slave;
};

// Without both ends where there is none to be had (no /dev/pts): it is a help, not the job.
Terminal make_terminal() {
  Terminal made;
  made.master = above_standard(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));  // NOLINT(*-vararg)
  std::array<char, 64> name{};
  if (!made.master.valid() || ::unlockpt(made.master.get()) != 0 ||
      ::ptsname_r(made.master.get(), name.data(), name.size()) != 0)
    return {};
  made.slave = above_standard(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));  // NOLINT(*-vararg)
  return made;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));  // NOLINT
  pointers.push_back(nullptr);
  return pointers;
}

// All that the new process needs, made before the fork: it may not allocate.
struct Launch {
  std::vector<char*> arguments, environment;
  Fd null;
  Terminal terminal;
  Pipe out, err;
  Pipe failure;  // carries the errno of a failed execve; closed by a successful one
  pid_t parent = 0;
};

int wait_readable(int fd, milliseconds patience) {
  pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&watched, 1, static_cast<int>(patience.count()));
  } while (ready < 0 && errno == EINTR);
  return ready;
}

// In the new process: async-signal-safe calls only.
[[noreturn]] void run_program(const Launch& launch) {
  // The parent may have died before the kernel was told to watch it: then nobody will kill us.
  // NOLINTNEXTLINE(*-vararg)
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != launch.parent) ::_exit(exit_not_started);
  ::setsid();
  if (launch.terminal.slave.valid()) ::ioctl(launch.terminal.slave.get(), TIOCSCTTY, 0);  // NOLINT(*-vararg)
  ::dup2(launch.null.get(), STDIN_FILENO);
  ::dup2(launch.out.write.get(), STDOUT_FILENO);
  ::dup2(launch.err.write.get(), STDERR_FILENO);
#if defined(SYS_close_range) && defined(CLOSE_RANGE_CLOEXEC)
  // All of ours are closed on exec anyway, unless a library forgot; older kernels do not know the call.
  ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);  // NOLINT(*-vararg)
#endif
  // What we ignore or block is inherited.
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);  // NOLINT(cert-err33-c)
  sigset_t none;
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  ::execve(launch.arguments[0], launch.arguments.data(), launch.environment.data());
  const int number = errno;
  [[maybe_unused]] const auto told = ::write(launch.failure.write.get(), &number, sizeof number);
  ::_exit(exit_not_started);
}

// No signal may run a handler of ours in the new process.
pid_t fork_quietly(const Launch& launch) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) run_program(launch);
  const int number = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = number;
  return pid;
}

// The errno of execve; 0 when the program runs, or when neither is known in time.
int start_failure(const Launch& launch, milliseconds patience) {
  if (wait_readable(launch.failure.read.get(), patience) <= 0) return 0;
  int number = 0;
  const auto got = ::read(launch.failure.read.get(), &number, sizeof number);
  return got == sizeof number ? number : 0;
}

// What the failed start says of the program, and not of the machine.
Error start_error(const std::string& path, int number) {
  constexpr std::array of_the_file{EACCES, EPERM, ENOEXEC, EISDIR, ELIBBAD, EINVAL, ELOOP, ENAMETOOLONG};
  Error error = system_error("start", path, number);
  if (std::find(of_the_file.begin(), of_the_file.end(), number) != of_the_file.end())
    error.kind = ErrorKind::refused;
  return error;
}

// Where we are process 1 of a container, what a killed program had started is ours to wait for.
void reap_group(pid_t group, std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    const pid_t waited = ::waitpid(-group, nullptr, WNOHANG);
    if (waited < 0 || std::chrono::steady_clock::now() >= deadline) return;
    if (waited == 0) nap(std::stop_token{}, milliseconds(1));
  }
}

}  // namespace

std::vector<std::string> child_environment() {
  std::vector<std::string> environment;
  for (const char* name : passed_on) {
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before there are threads
    if (value != nullptr) environment.push_back(fmt::format("{}={}", name, value));
  }
  return environment;
}

Result<std::unique_ptr<Child>> Child::start(const ChildCommand& command) {
  Launch launch{.arguments = pointers_to(command.arguments),
                .environment = pointers_to(command.environment),
                .null = above_standard(::open("/dev/null", O_RDONLY | O_CLOEXEC)),  // NOLINT(*-vararg)
                .terminal = make_terminal(),
                .out = {},
                .err = {},
                .failure = {},
                .parent = ::getpid()};
  for (Pipe* const pipe : {&launch.out, &launch.err, &launch.failure}) {
    std::optional<Pipe> made = make_pipe();
    if (!made) return system_error("pipe for", command.arguments[0], errno);
    *pipe = std::move(*made);
  }
  if (!launch.null.valid()) return system_error("open", "/dev/null", errno);
  const pid_t pid = fork_quietly(launch);
  if (pid < 0) return system_error("fork for", command.arguments[0], errno);
  std::unique_ptr<Child> child(
      new Child(pid, std::move(launch.out.read), std::move(launch.err.read), command.line_max));
  child->terminal_ = std::move(launch.terminal.master);
  for (Pipe* const pipe : {&launch.out, &launch.err, &launch.failure}) pipe->write.reset();
  if (const int number = start_failure(launch, command.start_timeout); number != 0)
    return start_error(command.arguments[0], number);
  return child;
}

Child::Child(pid_t pid, Fd out, Fd err, std::size_t line_max)
    : pid_(pid), out_(std::move(out)), err_(std::move(err)), lines_(line_max), error_lines_(error_line_max) {}

Child::~Child() { stop(); }

Child::Event Child::wait(milliseconds patience) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + patience;
  int errors_left = error_reads;
  while (out_.valid()) {
    std::array<pollfd, 2> watched{
        pollfd{.fd = out_.get(), .events = POLLIN, .revents = 0},
        pollfd{.fd = errors_left > 0 ? err_.get() : -1, .events = POLLIN, .revents = 0}};
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    const int ready = ::poll(watched.data(), watched.size(), std::max(0, static_cast<int>(left.count())));
    if (ready < 0 && errno == EINTR) continue;
    if (watched[1].revents != 0) {
      (void)read_errors();
      --errors_left;
    }
    if (watched[0].revents != 0) return read_output();
    if (ready <= 0) return has_exited() ? Event::ended : Event::nothing;
  }
  return Event::ended;
}

Child::Event Child::read_output() {
  const std::span<char> room = lines_.room();
  const auto got = ::read(out_.get(), room.data(), room.size());
  if (got > 0) {
    lines_.filled(static_cast<std::size_t>(got));
    return Event::output;
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Event::nothing;
  out_.reset();
  for (int left = error_reads; left > 0 && read_errors(); --left) {
  }
  return Event::ended;
}

bool Child::read_errors() {
  const std::span<char> room = error_lines_.room();
  const auto got = ::read(err_.get(), room.data(), room.size());
  if (got == 0) err_.reset();
  if (got <= 0) return false;
  error_lines_.filled(static_cast<std::size_t>(got));
  for (std::string_view line; error_lines_.next(line);) {
    if (!line.empty()) last_words_ = line.substr(0, last_words_max);
  }
  return true;
}

// Looks without waiting for it: as long as nobody has, its number, and its group's, belong to no other.
bool Child::has_exited() const {
  siginfo_t info{};
  return pid_ == 0 || (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                       info.si_pid == pid_);
}

bool Child::stop(milliseconds patience) {
  if (pid_ == 0) return true;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);  // if it has not come as far as having a group
  const SteadyTime deadline = std::chrono::steady_clock::now() + patience;
  int status = 0;
  for (;;) {
    const pid_t waited = ::waitpid(pid_, &status, WNOHANG);
    if (waited == pid_ || (waited < 0 && errno != EINTR)) break;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    nap(std::stop_token{}, milliseconds(1));
  }
  reap_group(pid_, deadline);
  ending_ = WIFEXITED(status) ? fmt::format("exit status {}", WEXITSTATUS(status))
                              : fmt::format("signal {}", WTERMSIG(status));
  pid_ = 0;
  for (Fd* const fd : {&out_, &err_, &terminal_}) fd->reset();
  return true;
}

}  // namespace scops
