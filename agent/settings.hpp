// Every option of the program in one place: the agent's own rooms here, the others asked for theirs. The
// order of the sections is the order of --help and of docs/generated/options.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/pipeline/pipeline.hpp"
#include "core/config/load.hpp"
#include "core/config/option.hpp"
#include "core/config/redis_section.hpp"
#include "core/config/spec.hpp"
#include "transport/buffer/buffer.hpp"
#include "transport/dispatch/dispatcher.hpp"

namespace scops {

struct AgentSettings {
  TextList collectors;
  Duration capture_interval{0};
  std::string host;
  std::string state;
  std::string log_level;
  std::string log_format;
  bool self_metrics = true;
  TextList own_metrics;
  Bytes memory_max{64U << 20U};
};

struct HttpSettings {
  std::string listen;
  bool insecure = false;
};

// What the frame adds to the options of each pull collector.
struct FrameSettings {
  Duration interval{0};  // 0: capture_interval
};

class Settings {
 public:
  Settings();

  // Fills everything from flags, environment and file, then applies the rules that span several options.
  // Returns the effective values and all problems at once.
  Loaded load(const LoadInput& input);

  [[nodiscard]] const std::vector<Section>& sections() const { return sections_; }
  [[nodiscard]] const AgentSettings& agent() const { return of<AgentSettings>("agent"); }
  [[nodiscard]] const HttpSettings& http() const { return of<HttpSettings>("http"); }
  [[nodiscard]] const PipelineSettings& pipeline() const { return of<PipelineSettings>("pipeline"); }
  [[nodiscard]] const DispatchSettings& dispatch() const { return of<DispatchSettings>("dispatch"); }

  [[nodiscard]] const RedisSettings& redis() const { return of<RedisSettings>("redis"); }

  // The buffer's settings with what its type "auto" means: redis when it was said where one is, else
  // embedded.
  [[nodiscard]] BufferSettings buffer() const;
  // What the buffer gets beside them, but for clock and stats.
  [[nodiscard]] CollectorContext collector_context(const Clock& clock, Stats& stats, Duration interval) const;
  [[nodiscard]] BufferContext buffer_context(std::string folder, std::vector<std::string> outputs) const;
  // agent.collectors, and chouette where its queues are to be drained.
  [[nodiscard]] std::vector<std::string> collectors() const;
  // Who we are among the agents that share a Redis: redis.consumer, else the host.
  [[nodiscard]] std::string consumer() const;

  // Was the option set by hand, that is anywhere but by its default?
  [[nodiscard]] bool chosen(std::string_view room, std::string_view name) const;

  // Log level and layout.
  void apply_to_log() const;

  // The settings struct that the room of a collector or output made for itself.
  [[nodiscard]] const void* room(std::string_view name) const;

  [[nodiscard]] Duration capture_interval(std::string_view collector) const;
  // dispatch.outputs, or what it means when empty: datadog with an API key, else stdout.
  [[nodiscard]] std::vector<std::string> outputs() const;
  // agent.host, else what a global tag "host:..." says, else the machine's host name.
  [[nodiscard]] std::string host() const;

 private:
  template <class T>
  [[nodiscard]] const T& of(std::string_view name) const {
    return *static_cast<const T*>(room(name));
  }

  [[nodiscard]] bool redis_chosen() const;

  std::vector<Section> sections_;
  std::vector<Effective> effective_;  // after load()
};

// The output of that name; null when there is none.
[[nodiscard]] const OutputSpec* find_output(std::string_view name);

// The folder for everything that survives a restart: `wanted`, be it of use now or later, else the first of
// $STATE_DIRECTORY, /var/lib/scops and the user's XDG state folder that can be written, empty when there is
// none. Made when missing.
[[nodiscard]] std::string state_folder(const std::string& wanted);
// Where state_folder looks, in its order. Nothing is made.
[[nodiscard]] std::vector<std::string> state_folders(const std::string& wanted);

}  // namespace scops
