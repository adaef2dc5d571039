// Stops one thread of another process, as a file system or a driver that hangs would: all else in it goes on.
// The test must be root or the parent of the process. The thread is let go at the end.
#pragma once

#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>

namespace scops::test {

class StuckThread {
 public:
  explicit StuckThread(pid_t thread) : thread_(thread) {
    REQUIRE(thread_ > 0);
    REQUIRE(::ptrace(PTRACE_SEIZE, thread_, nullptr, nullptr) == 0);
    REQUIRE(::ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr) == 0);
    REQUIRE(::waitpid(thread_, nullptr, __WALL) == thread_);
  }
  ~StuckThread() {
    ::ptrace(PTRACE_DETACH, thread_, nullptr, nullptr);
    reap();
  }
  StuckThread(const StuckThread&) = delete;
  StuckThread& operator=(const StuckThread&) = delete;

  // The kernel hands the end of a traced thread to us before its process can end: call it while waiting.
  void reap() const { ::waitpid(thread_, nullptr, __WALL | WNOHANG); }

 private:
  pid_t thread_;
};

}  // namespace scops::test
