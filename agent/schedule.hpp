// The loop of one pull collector: when is it due, call it, time it, catch it, count it. A capture that is
// late or hangs skips the ticks it missed, is counted, and delays nobody: each collector has a thread of its
// own.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>

#include "agent/pipeline/pipeline.hpp"
#include "core/config/option.hpp"
#include "core/model/collector.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/stats.hpp"
#include "core/runtime/timeline.hpp"

namespace scops {

// When something periodic is due, on the steady clock, aligned to the wall clock's multiples of `interval`
// plus `offset`. The first tick is `offset` after the start and the second one second later, so that counters
// have a first difference to show. A step of the wall clock moves the next tick by less than one interval and
// stops nothing.
class Ticker {
 public:
  Ticker(Duration interval, Duration offset, const Clock& clock);

  [[nodiscard]] std::int64_t due() const { return due_; }  // steady milliseconds

  // Is the tick that is due on a multiple, and not one of the two of the start?
  [[nodiscard]] bool on_multiple() const { return ticks_ >= 2; }

  // The tick that was due has been dealt with: sets the next one and returns how many were missed meanwhile.
  std::int64_t advance();

 private:
  const std::int64_t interval_;
  const std::int64_t offset_;
  const Clock& clock_;
  std::int64_t due_;
  int ticks_ = 0;  // dealt with, up to the two of the start
};

// The time that all samples of a capture share: the second, when it was due on a multiple and began hardly
// later, else the very millisecond. See docs/decisions/041.
[[nodiscard]] TimeMs capture_time(TimeMs wall, bool on_multiple);

// The same for one capture after another. When the wall clock is set back it shows times again that captures
// have had: then the milliseconds of the second say the how manieth time that is, so that no series gets two
// values at one time.
class CaptureTimes {
 public:
  [[nodiscard]] TimeMs next(TimeMs wall, bool on_multiple);

 private:
  static constexpr TimeMs jump = 86'400'000;  // a clock that was set: nothing between the two was given
  TimeMs first_ = 0, last_ = -1;              // what was given, as far as it hangs together
  TimeMs previous_ = 0;                       // by the wall clock
  int steps_back_ = 0;
};

class Schedule {
 public:
  // All references must outlive the run. `name` is the collector's; captures are due `offset` after
  // multiples. Without a timeline samples have no stamp.
  Schedule(std::string name, PullCollector& collector, Duration interval, Pipeline& pipeline,
           const Clock& clock, Stats& stats, Duration offset = Duration{0},
           const Timeline* timeline = nullptr);

  // Captures until stopped. The body of the collector's thread.
  void run(const std::stop_token& stop);

  // One capture now, with everything that is counted about it.
  void capture();

  // For /status and /readyz; any thread.
  struct State {
    std::string name;
    std::int64_t interval_ms = 0;
    std::uint64_t runs = 0, errors = 0, skipped = 0;
    double last_seconds = 0;   // how long the last capture took
    std::int64_t busy_ms = 0;  // how long the present one has been running, 0 when idle
    std::string last_error;    // empty when the last capture went well
    std::string absent;        // why there was nothing to capture; no error
  };
  [[nodiscard]] State state() const;

 private:
  class CaptureEmit;

  const std::string name_;
  PullCollector& collector_;
  const Duration interval_;
  Pipeline& pipeline_;
  const Clock& clock_;
  const Timeline* const timeline_;
  Ticker ticker_;
  CaptureTimes times_;
  Stat& runs_;
  Stat& errors_;
  Stat& skipped_;
  Stat& seconds_;
  Stat& samples_;
  std::atomic<std::int64_t> busy_since_{0};  // steady, 0 when idle
  std::atomic<double> last_seconds_{0};
  mutable std::mutex error_mutex_;
  std::string last_error_;
  std::string absent_;
};

}  // namespace scops
