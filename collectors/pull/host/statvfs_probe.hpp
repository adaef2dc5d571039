// statvfs(2) with a deadline. The kernel may never answer for a dead network mount or a failing disk, and a
// thread inside that call cannot be stopped, so such calls run in a helper thread (docs/decisions/031). A
// call that misses the deadline keeps its thread, and its mount is left out until it returns; the next call
// gets a new thread. How many may hang is bounded.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "collectors/pull/host/filesystem.hpp"
#include "core/model/result.hpp"

namespace scops::host {

class StatvfsProbe {
 public:
  using Function = std::function<int(const char* path, FsAnswer* into)>;

  // At most this many threads hang: remote mounts may use up half of them.
  static constexpr std::size_t most_stuck = 8;

  // `function` must be safe to call from any thread, also after the probe is gone.
  StatvfsProbe(Function function, std::chrono::milliseconds timeout);
  ~StatvfsProbe();
  StatvfsProbe(const StatvfsProbe&) = delete;
  StatvfsProbe& operator=(const StatvfsProbe&) = delete;

  // The file system of `device`, mounted on `path`. Not thread-safe: one collector asks. ErrorKind::absent
  // when there is no such path, and while it goes on to hang, which was said already; retry when it begins to
  // hang or fails in another way.
  Result<FsAnswer> ask(const std::string& device, const std::string& path, bool remote);

  // The same in the thread that asks, for a file system that is known not to hang.
  [[nodiscard]] Result<FsAnswer> ask_here(const std::string& path) const;

  // Has a call for this device not returned yet?
  [[nodiscard]] bool hangs(const std::string& device);

 private:
  struct Worker;
  struct StuckCall {
    std::string device;
    std::shared_ptr<Worker> worker;
  };

  void start_worker();
  void abandon_worker(const std::string& device);
  void forget_returned();

  Function function_;
  std::chrono::milliseconds timeout_;
  std::shared_ptr<Worker> worker_;  // shared with its thread, which may outlive us; null until needed
  std::thread thread_;
  std::vector<StuckCall> stuck_;
};

}  // namespace scops::host
