// The queues that Chouette's clients fill in Redis: raw metrics, metrics and logs that a Python agent
// wrapped.
//
//   lease -> for each queue (queue.hpp): what is due -> Intake -> commit -> erased
//
// An error of Redis or of the buffer ends the round; what was not committed is still in the queue then.

#include "collectors/listen/chouette/chouette.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "collectors/listen/chouette/formats.hpp"
#include "collectors/listen/chouette/lease.hpp"
#include "collectors/listen/chouette/queue.hpp"
#include "core/model/size.hpp"
#include "core/runtime/log.hpp"
#include "core/runtime/memory.hpp"

namespace scops::chouette {
namespace {

// When the agent stops; a reply that is awaited and the commit come on top.
constexpr std::int64_t closing_ms = 800;

constexpr std::size_t wrapped_batch = 5000;
constexpr std::size_t logs_batch = 500;

// More in one reply is read in smaller parts; the longest record fits whatever the memory cap.
constexpr std::size_t reply_max = 4U << 20U;
constexpr std::size_t reply_least = 2U << 20U;

// How much longer than a window the lease lasts: rounds are a window apart, and may be late.
constexpr Duration lease_reserve{5000};

RedisTarget own_target(RedisTarget target) {
  target.reply_max = std::min(target.reply_max, memory::share(16, reply_least, reply_max));
  return target;
}

class ChouetteDrain final : public DrainCollector {
 public:
  ChouetteDrain(const ChouetteSettings& settings, const DrainContext& context)
      : redis_(own_target(context.redis), *context.clock),
        lease_(redis_, *context.clock, settings.prefix + ":scops.lease", context.agent,
               context.window + lease_reserve),
        shared_{.redis = redis_,
                .lease = lease_,
                .clock = *context.clock,
                .stats = *context.stats,
                .prefix = settings.prefix,
                .window = context.window,
                .lag = settings.lag,
                .plausible_since = context.plausible_since},
        raw_(shared_, {.name = "metrics:raw",
                       .content = Content::raw,
                       .ttl = context.metric_ttl,
                       .record_max = size_from(settings.record_max.count),
                       .batch_max = static_cast<std::size_t>(settings.window_max)}),
        wrapped_(shared_, {.name = "metrics:wrapped",
                           .content = Content::wrapped,
                           .ttl = context.metric_ttl,
                           .record_max = size_from(settings.record_max.count),
                           .batch_max = wrapped_batch}),
        logs_(shared_, {.name = "logs:wrapped",
                        .content = Content::logs,
                        .ttl = context.log_ttl,
                        .record_max = size_from(settings.log_max.count),
                        .batch_max = logs_batch}) {}

  // A little more than the queues want, so that a window that has just ended is not left for the next round.
  [[nodiscard]] std::chrono::milliseconds lag() const override { return shared_.lag + Duration(10); }

  Status drain(Intake& intake, bool closing, const std::stop_token& stop) override {
    const Clock& clock = shared_.clock;
    const Round round{.intake = intake,
                      .stop = stop,
                      .closing = closing,
                      .now = clock.wall(),
                      .deadline = clock.steady() + closing_ms};
    Status status = run(round);
    if (closing) lease_.release();
    return status;
  }

 private:
  // A queue that cannot be drained does not keep the others waiting; the first error is the round's.
  Status run(const Round& round) {
    const std::array queues{&raw_, &wrapped_, &logs_};
    for (Queue* const queue : queues) (void)queue->finish();  // also where another agent goes on
    const Result<bool> held = lease_.hold();
    if (!held) return held.error();
    if (!*held) return Ok{};
    Status result = Ok{};
    for (Queue* const queue : queues) {
      const Status drained = queue->drain(round);
      if (!drained && result) result = drained;
    }
    return result;
  }

  RedisClient redis_;
  Lease lease_;
  const Shared shared_;
  Queue raw_, wrapped_, logs_;
};

Result<std::unique_ptr<DrainCollector>> make(const void* settings, const DrainContext& context) {
  return make_chouette(*static_cast<const ChouetteSettings*>(settings), context);
}

}  // namespace

std::unique_ptr<DrainCollector> make_chouette(const ChouetteSettings& settings, const DrainContext& context) {
  return std::make_unique<ChouetteDrain>(settings, context);
}

}  // namespace scops::chouette

namespace scops {

extern const CollectorSpec chouette_collector;
constinit const CollectorSpec chouette_collector{
    .name = "chouette",
    .help = "Metrics and logs that applications leave in Redis through Chouette's client.",
    .section = chouette::chouette_section,
    .formats = chouette::chouette_formats,
    .make_drain = chouette::make,
};

}  // namespace scops
