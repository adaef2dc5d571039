// The real program as a child of the test: started with a clean environment, its standard streams captured,
// signalled, waited for. It dies with its AgentProcess, and with the test, however that ends. Not for several
// threads.
//
//   AgentProcess agent({.environment = {{"CAPTURE_INTERVAL", "1s"}}});
//   REQUIRE(agent.wait_for_out("host.la"));
//   agent.signal(SIGTERM);
//   CHECK(agent.wait() == 0);
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/io/files.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {

// For everything that only has to happen, however slow the machine is.
inline constexpr std::chrono::seconds long_enough{40};

// A stop takes no longer. With sanitizers, and many tests at a time, the machine may be slower than the
// agent.
#ifdef SCOPS_SANITIZED
inline constexpr std::chrono::seconds stop_max = long_enough;
#else
inline constexpr std::chrono::seconds stop_max{5};
#endif

// Asks again and again until `condition` holds; false when `limit` is over first.
[[nodiscard]] bool eventually(const std::function<bool()>& condition,
                              std::chrono::milliseconds limit = long_enough);

using Environment = std::map<std::string, std::string>;
// `environment`, in which `more` wins.
[[nodiscard]] Environment with(Environment environment, const Environment& more);

struct AgentOptions {
  std::vector<std::string> arguments = {"run"};
  // Beyond PATH, TMPDIR, HOME and the options of sanitizers. By default there are also SCOPS_AGENT_STATE (a
  // folder of its own) and SCOPS_HTTP_LISTEN=off. An empty value takes a variable away.
  Environment environment = {};
  std::string input = {};                    // its standard input; at most what a pipe holds (64 KiB)
  bool terminal = false;                     // standard output is a pseudo terminal
  uid_t user = 0;                            // run as this user (the test must be root); 0: as the test
  std::optional<rlim_t> file_size_max = {};  // files grow no further than this: EFBIG instead of ENOSPC
};

class AgentProcess {
 public:
  explicit AgentProcess(const AgentOptions& options = {});
  ~AgentProcess();  // kills it
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string state() const { return own_ / "state"; }  // unless the environment says otherwise

  // What came so far; all of it once wait() has returned a status.
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;
  [[nodiscard]] bool wait_for_out(std::string_view text, std::chrono::milliseconds limit = long_enough) const;
  [[nodiscard]] bool wait_for_err(std::string_view text, std::chrono::milliseconds limit = long_enough) const;

  void signal(int number) const;
  // The exit status, 128 + N when signal N ended it, -1 when it still runs at the end of `limit`.
  int wait(std::chrono::milliseconds limit = long_enough);
  // SIGTERM and wait().
  int stop(std::chrono::milliseconds limit = long_enough);
  void kill();  // -9, and waits
  [[nodiscard]] bool running();

  // A file of /proc/PID, empty when there is none.
  [[nodiscard]] std::string proc(std::string_view file) const;
  // The thread of that name (15 characters), 0 when there is none.
  [[nodiscard]] pid_t thread(std::string_view name) const;

  // Where it listens for TCP.
  struct Listener {
    std::string address;  // as in /proc/net/tcp: "0100007F" is 127.0.0.1
    int port = 0;
  };
  [[nodiscard]] std::vector<Listener> listeners() const;

  // What its page answers, once it answers at all; status 0 when it never does. Needs an SCOPS_HTTP_LISTEN
  // other than off.
  struct Page {
    int status = 0;
    std::string content_type;
    std::string body;
  };
  [[nodiscard]] Page page(const std::string& path) const;

 private:
  void capture();  // the thread
  [[nodiscard]] bool wait_for(const std::string& text, std::string_view wanted,
                              std::chrono::milliseconds limit) const;
  [[nodiscard]] std::string copy(const std::string& text) const;

  TempDir own_;
  pid_t pid_ = 0;
  std::optional<int> status_;
  Fd out_fd_;
  Fd err_fd_;
  mutable std::mutex mutex_;  // guards the texts
  std::string out_;
  std::string err_;
  std::jthread capturer_;
};

// Runs a command to its end.
struct Finished {
  int status = -1;  // -1: it did not end
  std::string out;
  std::string err;
};
[[nodiscard]] Finished run_agent(const AgentOptions& options);

// The lines of a text, without their ends.
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);

// How often `part` occurs.
[[nodiscard]] std::size_t count_of(std::string_view text, std::string_view part);

}  // namespace scops::test
