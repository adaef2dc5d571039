// The inside of the host collector: a topic reads one or two kernel files and emits the groups of the option
// `metrics` that come out of them. host.cpp makes those that are wanted and runs them in turn.
#pragma once

#include <sys/timex.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "collectors/pull/host/filesystem.hpp"
#include "collectors/pull/host/settings.hpp"
#include "core/model/collector.hpp"
#include "core/model/result.hpp"

namespace scops::host {

// The system calls that tests replace; statvfs, and stat with it, may run in a helper thread.
struct SystemCalls {
  std::function<int(const char* path, FsAnswer* into)> statvfs;
  int (*adjtimex)(struct timex* into) = nullptr;
};

// What a topic is made from. The settings outlive it, the calls are to be copied.
struct TopicContext {
  const HostSettings& settings;
  const SystemCalls& calls;

  // Is the group one of the option `metrics`? The loader has put them into lower case.
  [[nodiscard]] bool wants(std::string_view group) const {
    return std::find(settings.metrics.begin(), settings.metrics.end(), group) != settings.metrics.end();
  }
};

class Topic {
 public:
  virtual ~Topic() = default;
  // Emits what is true now; an Error says why nothing, or not all, could be. Keeps its buffers.
  virtual Status collect(Emit& emit) = 0;
};

// Each is null when none of its groups is wanted.
std::unique_ptr<Topic> make_cpu(const TopicContext& context);          // cpu, cpu_cores, cpu_modes, processes
std::unique_ptr<Topic> make_memory(const TopicContext& context);       // ram, swap
std::unique_ptr<Topic> make_load(const TopicContext& context);         // la, load5, load15, processes
std::unique_ptr<Topic> make_filesystem(const TopicContext& context);   // fs, inodes
std::unique_ptr<Topic> make_network(const TopicContext& context);      // network, network_errors
std::unique_ptr<Topic> make_disk(const TopicContext& context);         // disk_io
std::unique_ptr<Topic> make_pressure(const TopicContext& context);     // pressure
std::unique_ptr<Topic> make_temperature(const TopicContext& context);  // temperature
std::unique_ptr<Topic> make_uptime(const TopicContext& context);       // uptime
std::unique_ptr<Topic> make_entropy(const TopicContext& context);      // entropy
std::unique_ptr<Topic> make_time(const TopicContext& context);         // time
std::unique_ptr<Topic> make_wear(const TopicContext& context);         // wear

// Files of the network stack and the mount table show what process 1 has, when the host's root is elsewhere.
[[nodiscard]] inline bool looks_from_outside(const HostSettings& settings) { return settings.root != "/"; }

// Where one of them cannot be read, or is not there (hidepid): ours would be those of the container.
[[nodiscard]] inline Error lacks_process_1(const Error& error) {
  return {ErrorKind::retry,
          error.text + "; with SCOPS_HOST_ROOT mounts and interfaces are those of process 1"};
}

}  // namespace scops::host
