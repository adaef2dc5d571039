// The options of the docker collector, and the groups of metrics that they switch on.
#pragma once

#include <cstdint>
#include <string>

#include "core/config/option.hpp"

namespace scops::docker {

struct DockerSettings {
  TextList metrics;
  std::string socket;
  bool tls = false;
  std::string tls_ca, tls_cert, tls_key;
  bool tls_verify = true;
  TextList tags;
  TextList labels;
  TextList containers_include, containers_exclude;
  std::int64_t containers_max = 0;
  std::int64_t parallel = 0;
  Duration timeout{};
  Bytes body_max;
};

// The option `metrics`, a flag a group.
struct Groups {
  bool memory = false, cpu = false, cpu_percent = false, memory_working_set = false, memory_limit = false;
  bool network = false, block_io = false, pids = false;
  bool restarts = false, health = false, exit_code = false, oom = false;
  bool states = false;
  bool image_size = false;

  [[nodiscard]] bool any_stats() const {
    return memory || cpu || cpu_percent || memory_working_set || memory_limit || network || block_io || pids;
  }
  [[nodiscard]] bool any_inspect() const { return restarts || health || exit_code || oom; }
  // Groups that also look at containers that do not run.
  [[nodiscard]] bool any_stopped() const { return states || exit_code || oom; }
};

// Which further tags a container gets.
struct TagChoice {
  bool image = false;
  bool compose = false;
  const TextList* labels = nullptr;  // globs of label names; null: none
};

// The rows over fresh settings, which the loader fills.
[[nodiscard]] Section docker_section();

[[nodiscard]] Groups groups_of(const DockerSettings& settings);
[[nodiscard]] Groups all_groups();
[[nodiscard]] TagChoice tags_of(const DockerSettings& settings);

}  // namespace scops::docker
