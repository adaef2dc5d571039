#include "tests/support/spawn.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

#include "core/io/files.hpp"

namespace scops::test {
namespace {

// Between fork and exec: system calls only.
[[noreturn]] void become(char* const* argv, int in, int out, int err) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execvp(argv[0], argv);
  ::_exit(127);
}

}  // namespace

pid_t spawn(const std::vector<std::string>& words, int out, int err) {
  std::vector<std::string> copy = words;
  std::vector<char*> argv;
  for (std::string& word : copy) argv.push_back(word.data());
  argv.push_back(nullptr);
  const Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const pid_t pid = ::fork();
  if (pid == 0) become(argv.data(), nothing.get(), out, err);
  if (pid < 0) throw std::runtime_error("no process for " + words.front());
  return pid;
}

pid_t spawn(const std::vector<std::string>& words, const std::string& log) {
  const Fd file(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  return spawn(words, file.get(), file.get());
}

}  // namespace scops::test
