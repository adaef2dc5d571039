// The windows that are open, floor(arrival / interval), and what becomes of them when they close. At most
// open_max at a time: one more closes the oldest. Once closed a window is gone; what comes late makes one of
// its own. Not thread-safe.
//
// Bounded by window_memory for all of them together, and by series_max each.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "agent/pipeline/memory_share.hpp"
#include "agent/pipeline/point_sink.hpp"
#include "agent/pipeline/window.hpp"
#include "agent/pipeline/wrapper.hpp"
#include "core/model/metric.hpp"

namespace scops {

class Windows {
 public:
  static constexpr std::size_t open_max = 8;

  // `sink` gets the points of closed windows and the counts; it outlives this.
  Windows(const PipelineSettings& settings, PointSink& sink);

  // Time and arrival are set.
  void add(const RawSample& sample);

  // Closes the windows that have ended by `now`, and those that are in its future, as they are after a step
  // of the clock: nothing more is to come for them.
  void close(TimeMs now);
  void close_all();
  // Forgets all of them.
  void clear() { open_.clear(); }

  [[nodiscard]] std::size_t memory() const { return pool_.used(); }

 private:
  Window& window_at(TimeMs start);
  void relieve();
  void finish(Window& window);

  const WindowRules rules_;
  const TimeMs length_;
  PointSink& sink_;
  MemoryPool pool_;
  bool squeezed_ = false;             // since memory became scarce
  std::map<TimeMs, Window> open_;     // by start; destroyed before the pool
  std::vector<WrappedPoint> points_;  // reused
};

}  // namespace scops
