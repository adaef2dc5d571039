// Jetson boards, and others, read from sysfs and procfs: the metrics of tegrastats without its program, root
// or a daemon, and more.
//
//   option metrics -> topics (one for each kind of part) -> Emit
//
// All topics look for their parts at the first capture, then again when one has vanished and every few
// minutes, since drivers load late. In between each capture only reads files that are kept open.

#include "collectors/pull/jetson/jetson.hpp"

#include <unistd.h>

#include <array>
#include <vector>

#include "collectors/pull/jetson/formats.hpp"
#include "collectors/pull/jetson/topic.hpp"
#include "collectors/pull/jetson/tree.hpp"

namespace scops::jetson {
namespace {

struct Part {
  std::string_view name;  // of its group: what `trouble` says
  std::unique_ptr<Topic> (*make)(const TopicContext& context);
  bool of_any_machine = false;  // a machine that is no board has it too
};

constexpr std::array parts{
    Part{"board", make_board},     Part{"gpu", make_gpu},           Part{"temp", make_temperature},
    Part{"power", make_power},     Part{"emc", make_emc},           Part{"engines", make_engines},
    Part{"fan", make_fan},         Part{"throttle", make_throttle}, Part{"cooling", make_cooling},
    Part{"devfreq", make_devfreq}, Part{"hwmon", make_hwmon},       Part{"nvpmodel", make_nvpmodel},
    Part{"cpu", make_cpu, true},   Part{"ram", make_memory, true},
};

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

class JetsonCollector final : public PullCollector {
 public:
  JetsonCollector(const JetsonSettings& settings, const Clock& clock) : settings_(settings), clock_(clock) {
    for (const Part& part : parts) {
      if (auto topic = part.make({settings, clock})) topics_.push_back({&part, std::move(topic)});
    }
  }

  Status collect(Emit& emit) override {
    if (clock_.boot() >= next_scan_) scan();
    std::size_t failed = 0;
    for (const Running& running : topics_) {
      // Parts of any machine come last: memory alone makes no board of a container without mounts.
      if (running.part->of_any_machine && failed > 0 && failed == place_of(running) && !is_board())
        return nothing_found();
      const Status status = running.topic->collect(emit);
      if (running.topic->take_vanished()) next_scan_ = 0;
      if (status) continue;
      ++failed;
      emit.trouble(running.part->name, status.error());
    }
    if (failed == topics_.size()) return nothing_found();
    return Ok{};
  }

 private:
  struct Running {
    const Part* part;
    std::unique_ptr<Topic> topic;
  };

  void scan() {
    for (const Running& running : topics_) running.topic->scan();
    next_scan_ = clock_.boot() + settings_.rescan.count();
  }

  [[nodiscard]] std::size_t place_of(const Running& running) const {
    return static_cast<std::size_t>(&running - topics_.data());
  }

  [[nodiscard]] bool is_board() const {
    return !device_tree(settings_.sys, settings_.proc, "compatible").empty() ||
           !device_tree(settings_.sys, settings_.proc, "model").empty();
  }

  // Why there is nothing at all, and what to do about it.
  [[nodiscard]] Error nothing_found() const {
    if (!exists(settings_.sys + "/class") && !exists(settings_.sys + "/devices")) {
      return {ErrorKind::retry, "no sysfs at '" + settings_.sys +
                                    "': mount the host's /sys read-only and set SCOPS_JETSON_SYS to where"};
    }
    if (!exists(settings_.proc + "/meminfo")) {
      return {ErrorKind::retry, "no procfs at '" + settings_.proc +
                                    "': mount the host's /proc read-only and set SCOPS_JETSON_PROC to where"};
    }
    return {ErrorKind::retry,
            "'" + settings_.sys +
                "' shows nothing of what SCOPS_JETSON_METRICS asks for: is this a board? In a "
                "container mount the host's /sys read-only and set SCOPS_JETSON_SYS"};
  }

  const JetsonSettings& settings_;
  const Clock& clock_;
  std::vector<Running> topics_;
  std::int64_t next_scan_ = 0;
};

Result<std::unique_ptr<PullCollector>> make(const void* settings, const CollectorContext& context) {
  return make_jetson(*static_cast<const JetsonSettings*>(settings), *context.clock);
}

}  // namespace

std::unique_ptr<PullCollector> make_jetson(const JetsonSettings& settings, const Clock& clock) {
  return std::make_unique<JetsonCollector>(settings, clock);
}

}  // namespace scops::jetson

namespace scops {

extern const CollectorSpec jetson_collector;
constinit const CollectorSpec jetson_collector{
    .name = "jetson",
    .help = "Jetson and other boards: GPU, temperatures, power and more, without tegrastats.",
    .section = jetson::jetson_section,
    .make = jetson::make,
    .formats = jetson::jetson_formats,
};

}  // namespace scops
