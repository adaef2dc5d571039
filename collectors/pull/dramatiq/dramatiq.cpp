// Sizes of Dramatiq's queues (https://dramatiq.io), which keeps them in Redis: HLEN of every hash
// <namespace>:<queue>.msgs. Delayed and dead messages have queues of their own there, <queue>.DQ and .XQ.
//
//   SCAN, a bounded while (queue_scan) -> the keys that are known -> HLEN of each, thousands in a round trip
//   -> Emit

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "collectors/pull/dramatiq/queue_scan.hpp"
#include "collectors/pull/dramatiq/settings.hpp"
#include "core/config/spec.hpp"
#include "core/io/redis.hpp"
#include "core/model/text.hpp"
#include "core/runtime/log.hpp"

namespace scops::dramatiq {
namespace {

// An emptied queue has no key: its 0 is sent until a scan has not seen it, and once more with that.
class AskSizes final : public RedisCommands {
 public:
  using Queue = QueueScan::Queues::const_iterator;

  AskSizes(Queue first, std::size_t count) : first_(first), count_(count) {}
  [[nodiscard]] std::size_t count() const override { return count_; }
  void write(RedisWriter& to) const override {
    Queue queue = first_;
    for (std::size_t i = 0; i < count_; ++i, ++queue) to.command({"HLEN", queue->first});
  }

 private:
  Queue first_;
  std::size_t count_;
};

constexpr std::size_t asked_at_once = 4096;  // so that not all answers are in memory at a time

class DramatiqCollector final : public PullCollector {
 public:
  DramatiqCollector(const DramatiqSettings& settings, RedisTarget target, const Clock& clock)
      : settings_(settings),
        database_(target.database),
        own_(!settings.host.empty() || !settings.socket.empty() || !settings.sentinels.empty()),
        redis_(std::move(target), clock),
        scan_(settings, redis_, clock) {}

  Status collect(Emit& emit) override {
    if (const Status looked = scan_.look(); !looked) return explained(looked.error());
    if (scan_.queues().empty()) return none_yet(emit);
    return send_sizes(emit);
  }

 private:
  // Nothing to send is no failure: an idle application has no keys.
  Status none_yet(Emit& emit) const {
    tell("names", scan_.left_out(), emit);
    if (!scan_.complete()) {
      return Error{ErrorKind::absent,
                   fmt::format("still looking through the keys of redis {}; see SCOPS_DRAMATIQ_SCAN_BUDGET",
                               redis_.where())};
    }
    return Error{ErrorKind::absent,
                 fmt::format("no messages under {}:*.msgs in database {} of redis {}; options: "
                             "SCOPS_DRAMATIQ_NAMESPACE, REDIS_HOST, SCOPS_DRAMATIQ_HOST, _DATABASE",
                             printable(settings_.key_space), database_, redis_.where())};
  }

  Status send_sizes(Emit& emit) {
    LeftOut no_hashes;
    std::size_t left = scan_.queues().size();
    for (auto next = scan_.queues().begin(); left > 0;) {
      const std::size_t count = std::min(left, asked_at_once);
      const auto sizes = redis_.pipeline(AskSizes(next, count));
      if (!sizes) return explained(sizes.error());
      next = send(next, sizes.value(), emit, no_hashes);
      left -= count;
    }
    tell("keys", no_hashes, emit);
    tell("names", scan_.left_out(), emit);
    return Ok{};
  }

  // From `it` on, as many as there are answers. Returns the first of the others.
  QueueScan::Queues::iterator send(QueueScan::Queues::iterator it, const RedisValue& sizes, Emit& emit,
                                   LeftOut& no_hashes) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const auto& [key, queue] = *it;
      const RedisValue size = sizes.at(i);
      if (size.type() == RedisType::integer) {
        const std::array tags{Tag{"queue", *queue_of_key(key, settings_.key_space)}};
        emit.gauge("dramatiq.queue_size", static_cast<double>(size.integer()), tags);
      } else {
        no_hashes.add(key, size.error_code() == "WRONGTYPE" ? "is no hash" : printable(size.text(), 200));
      }
      const bool forget = size.integer() == 0 && scan_.gone(queue);
      it = forget ? scan_.forget(it) : std::next(it);
    }
    return it;
  }

  static void tell(std::string_view part, const LeftOut& left_out, Emit& emit) {
    if (left_out.count == 0) return;
    emit.trouble(
        part, {ErrorKind::drop, fmt::format("{} left out, the first: {}", left_out.count, left_out.first)});
  }

  // What to do about it: a user may not know where the collector looks.
  [[nodiscard]] Error explained(Error error) const {
    if (error.text.find("NOPERM") != std::string::npos)
      error.text += "; the user needs +scan +hlen ~<namespace>:*.msgs";
    else if (own_)
      error.text += "; see SCOPS_DRAMATIQ_HOST, _PORT, _PASSWORD, _DATABASE";
    else
      error.text +=
          "; the Redis is that of REDIS_HOST and REDIS_PASSWORD, or SCOPS_DRAMATIQ_HOST for another";
    return error;
  }

  const DramatiqSettings& settings_;
  std::int64_t database_;
  bool own_;  // a Redis of its own, not the shared one
  RedisClient redis_;
  QueueScan scan_;
};

Result<std::unique_ptr<PullCollector>> make(const void* settings, const CollectorContext& context) {
  const auto& own = *static_cast<const DramatiqSettings*>(settings);
  if (own.key_space.empty()) {
    return Error{ErrorKind::refused, "dramatiq.namespace must not be empty"};
  }
  Result<RedisTarget> target = redis_of_room("dramatiq", own, context.redis);
  if (!target) return target.error();
  target->only_reads = true;
  if (own.tls && !own.tls_verify) {
    log::warn(
        "collect", "tls_unverified",
        {{"option", "dramatiq.tls_verify"}, {"risk", "anybody may read and change what is in that Redis"}});
  }
  std::unique_ptr<PullCollector> collector =
      std::make_unique<DramatiqCollector>(own, std::move(*target), *context.clock);
  return collector;
}

}  // namespace
}  // namespace scops::dramatiq

namespace scops {

extern const CollectorSpec dramatiq_collector;
constinit const CollectorSpec dramatiq_collector{
    .name = "dramatiq",
    .help = "How many messages wait in Dramatiq's queues in Redis.",
    .section = dramatiq::dramatiq_section,
    .make = dramatiq::make,
};

}  // namespace scops
