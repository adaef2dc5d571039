// A program that runs beside us for a long time and prints lines. No shell is in between. It has a process
// group of its own, which is killed as a whole; it is killed too when the thread that started it ends,
// however that happens (PR_SET_PDEATHSIG; the kernel forgets this for set-user-ID programs, which then find a
// closed pipe). What it may print is bounded, what it inherits is only what the command names.
//
// Start it, use it and stop it in one thread.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/files.hpp"
#include "core/io/line_buffer.hpp"
#include "core/model/result.hpp"

namespace scops {

// Those of our variables that a child may see, as NAME=value: where programs, libraries and folders are, and
// the language. All others may hold secrets. Call it before there are threads.
[[nodiscard]] std::vector<std::string> child_environment();

struct ChildCommand {
  std::vector<std::string> arguments;    // the path of the program first
  std::vector<std::string> environment;  // all of it, NAME=value
  std::size_t line_max = std::size_t{16} << 10U;
  // What the kernel has not loaded by then (a dead NFS mount) counts as started, and is silent.
  std::chrono::milliseconds start_timeout{500};
};

class Child {
 public:
  // Standard input is /dev/null. ErrorKind::absent when there is no such program, or its loader is
  // not there; refused when the kernel does not take it for one that we may execute; else retry.
  [[nodiscard]] static Result<std::unique_ptr<Child>> start(const ChildCommand& command);
  ~Child();  // stop()
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  enum class Event : std::uint8_t {
    output,   // something was read: ask take_line()
    nothing,  // in all that time
    ended,    // nothing will come any more
  };
  // Waits for output and reads at most what the line buffer can take.
  Event wait(std::chrono::milliseconds patience);

  // The next whole line that has been read, valid until the next wait(). Take all before the next wait().
  bool take_line(std::string_view& line) { return lines_.next(line); }
  [[nodiscard]] std::uint64_t too_long_lines() const { return lines_.too_long(); }

  // The last line that it printed on standard error, cut to 200 bytes; empty when there was none.
  [[nodiscard]] std::string_view last_words() const { return last_words_; }
  void forget_last_words() { last_words_.clear(); }

  // SIGKILL to the whole group, then waits for the program's end. False when the kernel does not let it go in
  // that time (it hangs in a system call): call it again later.
  bool stop(std::chrono::milliseconds patience = std::chrono::milliseconds(200));

  // What ended it, known after stop(): "exit status 1", "signal 9" (which may have been ours).
  [[nodiscard]] const std::string& ending() const { return ending_; }

  [[nodiscard]] pid_t pid() const { return pid_; }  // 0 once it has been waited for

 private:
  Child(pid_t pid, Fd out, Fd err, std::size_t line_max);
  [[nodiscard]] bool has_exited() const;
  bool read_errors();
  Event read_output();

  pid_t pid_;
  Fd out_, err_;
  Fd terminal_;  // its own, to which nobody writes
  LineBuffer lines_;
  LineBuffer error_lines_;
  std::string last_words_;
  std::string ending_;
};

}  // namespace scops
