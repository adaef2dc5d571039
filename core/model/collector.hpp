// The first seam: collectors turn the world into metrics. A collector reads; the frame around it owns
// threads, timing, tags, counting and logging (agent/schedule). To add one: docs/adding-a-collector.md.
#pragma once

#include <span>
#include <string_view>

#include "core/model/metric.hpp"
#include "core/model/result.hpp"

namespace scops {

// Where a collector puts what it read. Used from the collector's own thread only.
class Emit {
 public:
  virtual ~Emit() = default;
  // Non-finite values are dropped and counted; a value of 0 is a value.
  virtual void metric(const Metric& metric) = 0;
  // One part of a capture failed ("fs", "container web"); the rest goes on. ErrorKind::absent is quiet.
  virtual void trouble(std::string_view part, const Error& error) = 0;

  void gauge(std::string_view name, double value, std::span<const Tag> tags = {}) {
    metric({.name = name, .value = value, .tags = tags});
  }
};

// Asked by a timer, in a thread of its own. A hang costs only this collector, but put deadlines anyway.
class PullCollector {
 public:
  virtual ~PullCollector() = default;
  // Emits what is true now. An Error says that the whole capture failed.
  virtual Status collect(Emit& emit) = 0;
};

// A grammar of a room, for `scops parse NAME`: the whole of standard input in, metrics out, one
// trouble("line 3", ...) for each rejected piece.
struct Format {
  std::string_view name;
  std::string_view help;
  void (*parse)(std::string_view input, Emit& emit);
  bool full_names = false;  // of the metrics: they are sent as they are, without the agent's prefix
};

}  // namespace scops
