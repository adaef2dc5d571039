#include "agent/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "core/runtime/log.hpp"
#include "core/runtime/stop.hpp"

namespace scops {

Ticker::Ticker(Duration interval, Duration offset, const Clock& clock)
    : interval_(interval.count()), offset_(offset.count()), clock_(clock), due_(clock.steady() + offset_) {}

std::int64_t Ticker::advance() {
  const std::int64_t now = clock_.steady();
  const std::int64_t missed = std::max<std::int64_t>(0, (now - due_) / interval_);
  const std::int64_t last = due_;
  const bool was_on_multiple = on_multiple();
  if (ticks_ < 2) ++ticks_;
  if (ticks_ == 1) {
    due_ = std::max(now, last + std::min<std::int64_t>(interval_, 1000));
    return missed;
  }
  const std::int64_t since_multiple = ((clock_.wall() - offset_) % interval_ + interval_) % interval_;
  due_ = now + interval_ - since_multiple;
  // A wall clock that stepped back, or a wake-up a hair before the multiple, must not give the same tick
  // twice.
  if (was_on_multiple && due_ - last < interval_ / 2) due_ += interval_;
  return missed;
}

// What a collector sees of the agent: stamps the capture's time, counts, logs trouble.
class Schedule::CaptureEmit final : public Emit {
 public:
  CaptureEmit(Schedule& schedule, TimeMs time, const Stamp& stamp)
      : schedule_(schedule), time_(time), stamp_(stamp) {}

  void metric(const Metric& metric) override {
    Metric stamped = metric;
    if (stamped.time == 0) stamped.time = time_;
    schedule_.pipeline_.add(stamped, stamp_);
    ++emitted_;
  }

  void trouble(std::string_view part, const Error& error) override {
    if (error.kind == ErrorKind::absent) {
      log::debug("collect", "absent",
                 {{"collector", schedule_.name_}, {"part", std::string(part)}, {"detail", error.text}});
      return;
    }
    schedule_.errors_.add();
    log::warn("collect", "part_failed",
              {{"part", fmt::format("{}/{}", schedule_.name_, part)}, {"error", error.text}});
    if (first_error_.empty()) first_error_ = fmt::format("{}: {}", part, error.text);
  }

  [[nodiscard]] std::uint64_t emitted() const { return emitted_; }
  [[nodiscard]] const std::string& first_error() const { return first_error_; }

 private:
  Schedule& schedule_;
  TimeMs time_;
  Stamp stamp_;
  std::uint64_t emitted_ = 0;
  std::string first_error_;
};

TimeMs capture_time(TimeMs wall, bool on_multiple) {
  constexpr TimeMs late = 100;
  const TimeMs past_second = wall % 1000;
  return on_multiple && past_second < late ? wall - past_second : wall;
}

TimeMs CaptureTimes::next(TimeMs wall, bool on_multiple) {
  const TimeMs time = capture_time(wall, on_multiple);
  if (time < first_ - jump || time > last_ + jump) *this = {};
  if (last_ < first_) first_ = last_ = previous_ = time - 1;
  if (time <= previous_) ++steps_back_;
  previous_ = time;
  const bool given = first_ <= time && time <= last_;
  first_ = std::min(first_, time);
  last_ = std::max(last_, time);
  return given ? time - time % 1000 + 1 + steps_back_ % 999 : time;
}

namespace {

Stat& collect_counter(Stats& stats, std::string_view what, std::string_view help,
                      const std::string& collector) {
  return stats.counter(fmt::format("scops_collect_{}_total", what), help,
                       fmt::format("collector=\"{}\"", collector));
}

}  // namespace

Schedule::Schedule(std::string name, PullCollector& collector, Duration interval, Pipeline& pipeline,
                   const Clock& clock, Stats& stats, Duration offset, const Timeline* timeline)
    : name_(std::move(name)),
      collector_(collector),
      interval_(interval),
      pipeline_(pipeline),
      clock_(clock),
      timeline_(timeline),
      ticker_(interval, offset, clock),
      runs_(collect_counter(stats, "runs", "Captures made.", name_)),
      errors_(collect_counter(stats, "errors", "Captures or parts of captures that failed.", name_)),
      skipped_(
          collect_counter(stats, "skipped", "Captures left out because the one before was late.", name_)),
      seconds_(collect_counter(stats, "seconds", "Seconds spent in captures.", name_)),
      samples_(collect_counter(stats, "samples", "Samples emitted.", name_)) {}

void Schedule::run(const std::stop_token& stop) {
  while (nap(stop, Duration{std::max<std::int64_t>(0, ticker_.due() - clock_.steady())})) {
    capture();
    skipped_.add(static_cast<double>(ticker_.advance()));
  }
}

void Schedule::capture() {
  const auto started = std::chrono::steady_clock::now();
  busy_since_ = std::max<std::int64_t>(1, clock_.steady());
  const Timeline::Now now = timeline_ != nullptr ? timeline_->now() : Timeline::Now{.wall = clock_.wall()};
  CaptureEmit emit(*this, times_.next(now.wall, ticker_.on_multiple()), now.stamp);
  std::string error;
  std::string absent;
  try {
    const Status status = collector_.collect(emit);
    if (!status) (status.error().kind == ErrorKind::absent ? absent : error) = status.error().text;
  } catch (const std::exception& exception) {
    error = fmt::format("BUG: {}", exception.what());
  }
  if (!error.empty()) {
    errors_.add();
    log::warn("collect", "capture_failed", {{"collector", name_}, {"error", error}});
  } else {
    error = emit.first_error();
  }
  samples_.add(static_cast<double>(emit.emitted()));
  runs_.add();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  seconds_.add(took.count());
  last_seconds_ = took.count();
  busy_since_ = 0;
  const std::scoped_lock lock(error_mutex_);
  last_error_ = std::move(error);
  absent_ = std::move(absent);
}

Schedule::State Schedule::state() const {
  const std::int64_t since = busy_since_;
  State state{.name = name_,
              .interval_ms = interval_.count(),
              .runs = static_cast<std::uint64_t>(runs_.value()),
              .errors = static_cast<std::uint64_t>(errors_.value()),
              .skipped = static_cast<std::uint64_t>(skipped_.value()),
              .last_seconds = last_seconds_,
              .busy_ms = since == 0 ? 0 : clock_.steady() - since,
              .last_error = {},
              .absent = {}};
  // A capture that hangs is counted while it hangs, not only once it returns.
  state.skipped += static_cast<std::uint64_t>(state.busy_ms / interval_.count());
  const std::scoped_lock lock(error_mutex_);
  state.last_error = last_error_;
  state.absent = absent_;
  return state;
}

}  // namespace scops
