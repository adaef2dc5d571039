// What the agent tells about itself, for its HTTP pages and for `scops status`. Pure reading: every page is
// made from the state of that moment, in the http thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/schedule.hpp"
#include "core/io/http_server.hpp"
#include "core/model/buffer.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/stats.hpp"
#include "core/runtime/timeline.hpp"

namespace scops {

struct StatusSources {
  std::string host;
  std::string state_folder;
  std::vector<const Schedule*> collectors;
  std::vector<std::string> outputs;
  const Buffer* buffer = nullptr;
  const Clock* clock = nullptr;
  const Timeline* timeline = nullptr;  // null: nobody doubts the clock
  Stats* stats = nullptr;
  std::int64_t started = 0;                       // steady milliseconds
  std::function<std::string()> hung_output = {};  // the output whose thread hangs, empty: none; any thread
};

class StatusPages {
 public:
  explicit StatusPages(StatusSources sources);

  // /healthz, /readyz, /metrics, /status, and / which names them; 404 for all else.
  [[nodiscard]] HttpAnswer answer(std::string_view path) const;

  // Everything as JSON: agent, collectors, buffer, outputs.
  [[nodiscard]] std::string status_json() const;
  // The agent's own metrics in the Prometheus text format.
  [[nodiscard]] std::string metrics_text() const;
  // Why it would take a restart: the thread of an output hangs. Empty when all is well, and while an intake
  // is away.
  [[nodiscard]] std::string unhealthy() const;
  // Why the agent is not ready: a collector that has not captured yet, a clock that
  // has not been set, a buffer that cannot write; empty when ready.
  [[nodiscard]] std::string not_ready() const;
  // Brings the stats up to date that are made when somebody asks. Any thread.
  void refresh_gauges() const;

 private:
  [[nodiscard]] std::string_view clock_state() const;

  StatusSources sources_;
};

}  // namespace scops
