// The machine itself: processor, memory, file systems, load, network and more, out of procfs and sysfs.
//
//   option metrics -> topics (one for each kernel file or two) -> Emit
//
// A topic that fails is reported under its name and costs the others nothing. When a root (SCOPS_HOST_PROC,
// SCOPS_HOST_SYS) is not where the options say, that is said instead: else every group would just be absent.

#include "collectors/pull/host/host.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "collectors/pull/host/formats.hpp"
#include "core/config/spec.hpp"

namespace scops::host {
namespace {

struct Part {
  std::string_view name;  // of its first group: what `trouble` says
  std::unique_ptr<Topic> (*make)(const TopicContext& context);
  bool in_sys = false;  // reads sysfs; all others procfs
};

constexpr std::array parts{
    Part{"cpu", make_cpu},
    Part{"ram", make_memory},
    Part{"la", make_load},
    Part{"fs", make_filesystem},
    Part{"network", make_network},
    Part{"disk_io", make_disk},
    Part{"uptime", make_uptime},
    Part{"pressure", make_pressure},
    Part{"temperature", make_temperature, true},
    Part{"entropy", make_entropy},
    Part{"time", make_time},
    Part{"wear", make_wear, true},
};

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

class HostCollector final : public PullCollector {
 public:
  HostCollector(const HostSettings& settings, const SystemCalls& calls) : settings_(settings) {
    for (const Part& part : parts) {
      if (auto topic = part.make({settings, calls})) topics_.push_back({&part, std::move(topic)});
    }
  }

  Status collect(Emit& emit) override {
    std::vector<Failure> failures;
    for (const Running& running : topics_) {
      if (Status status = running.topic->collect(emit); !status)
        failures.push_back({running.part, status.error()});
    }
    if (failures.empty()) return Ok{};
    if (const std::optional<Error> wrong_root = check_roots(failures)) {
      if (failures.size() == topics_.size()) return *wrong_root;
      emit.trouble("roots", *wrong_root);
    }
    for (const Failure& failure : failures) emit.trouble(failure.part->name, failure.error);
    return Ok{};
  }

 private:
  struct Running {
    const Part* part;
    std::unique_ptr<Topic> topic;
  };
  struct Failure {
    const Part* part;
    Error error;
  };

  // Is a root that something failed to read from where the options say?
  [[nodiscard]] std::optional<Error> check_roots(const std::vector<Failure>& failures) const {
    const auto count_sys = std::count_if(failures.begin(), failures.end(),
                                         [](const Failure& failure) { return failure.part->in_sys; });
    const bool any_proc = static_cast<std::size_t>(count_sys) < failures.size();
    if (any_proc && !exists(settings_.proc + "/stat")) {
      return Error{ErrorKind::retry, "no procfs at '" + settings_.proc + "': see SCOPS_HOST_PROC"};
    }
    if (count_sys > 0 && !exists(settings_.sys)) {
      return Error{ErrorKind::retry, "no sysfs at '" + settings_.sys + "': see SCOPS_HOST_SYS"};
    }
    return std::nullopt;
  }

  const HostSettings& settings_;
  std::vector<Running> topics_;
};

int ask_kernel(const char* path, FsAnswer* into) {
  struct stat found {};
  if (::stat(path, &found) != 0) return -1;
  into->number = found.st_dev;
  return ::statvfs(path, &into->counts);
}

Result<std::unique_ptr<PullCollector>> make(const void* settings, const CollectorContext& /*context*/) {
  const SystemCalls calls{.statvfs = ask_kernel,
                          .adjtimex = [](struct timex* into) { return ::adjtimex(into); }};
  return make_host(*static_cast<const HostSettings*>(settings), calls);
}

}  // namespace

std::unique_ptr<PullCollector> make_host(const HostSettings& settings, const SystemCalls& calls) {
  return std::make_unique<HostCollector>(settings, calls);
}

}  // namespace scops::host

namespace scops {

extern const CollectorSpec host_collector;
constinit const CollectorSpec host_collector{
    .name = "host",
    .help = "Processor, memory, file systems, load and more of the machine itself.",
    .section = host::host_section,
    .make = host::make,
    .formats = host::host_formats,
};

}  // namespace scops
