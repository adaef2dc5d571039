// How one output's share of one kind of record gets out of the buffer: reads blocks, merges them into a
// batch, sends it in pieces as large as the output takes, and acks blocks when all of their records are
// accepted or given up. No thread and no sleep: step() does at most one request and says when it wants to be
// called again.
//
//   accepted      the next at once, at most rate_max a second, until what the release found is through
//   too_large     at once in smaller pieces; the size is remembered and grows again slowly
//   refused       once more, then in halves (plan.hpp); what was refused alone is held back (suspects.hpp)
//   unauthorized  everything is kept, the next attempt is soon minutes away
//   throttled     as retry, but not before Retry-After
//   retry         the same bytes again after a backoff with jitter; half of them when a link is too slow
//
// While the oldest that waits is older than two intervals, the fresh goes past it, twice an interval, in a
// batch of its own. Between attempts a batch is block ids and ranges, not records: they are read again. What
// the intake may have of it keeps its blocks and times, whatever the clock does; what it has stays done.
//
// A batch is acked when it is through; a crash before that sends some of it twice (docs/reliability.md).
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/model/buffer.hpp"
#include "core/model/output.hpp"
#include "core/runtime/clock.hpp"
#include "transport/dispatch/backoff.hpp"
#include "transport/dispatch/batch.hpp"
#include "transport/dispatch/journal.hpp"
#include "transport/dispatch/pace.hpp"
#include "transport/dispatch/sending.hpp"
#include "transport/dispatch/settings.hpp"
#include "transport/dispatch/suspects.hpp"

namespace scops {

// What an output's deliveries work with; all references outlive them.
struct DeliveryContext {
  Buffer& buffer;
  Stats& stats;
  const Clock& clock;
  DispatchSettings settings;
  std::string host;        // spreads the releases of a fleet over the interval
  std::uint64_t seed = 0;  // of the jitter: different on each board
  SelfMetric self = {};    // empty: nobody wants to know
};

class Delivery {
 public:
  // `pace` is shared by the deliveries of the output and outlives them.
  Delivery(std::string name, Kind kind, Output& output, Pace& pace, DeliveryContext context);

  // Sends at most one request, if one is due. Returns the steady time at which to call again; a time that has
  // come already means at once.
  [[nodiscard]] std::int64_t step(Duration timeout, const std::stop_token& stop);
  // A flush was put into the buffer: due now for an immediate output, unless it is backing off.
  void wake();
  // Due now, whatever it was waiting for.
  void hurry();
  // Was the last attempt a failure?
  [[nodiscard]] bool failing() const { return backoff_.failures() > 0; }

 private:
  // One request: a piece of a batch, or a suspect alone.
  struct Job {
    Sending* of = nullptr;
    Batch batch;      // the merged batch without its payload, while `piece` is of it
    Payload payload;  // what to send
    Piece piece;
    std::optional<Suspect> suspect;
  };

  [[nodiscard]] Result<Job> next_job();
  [[nodiscard]] Result<Job> go_on_with(Sending& sending);
  [[nodiscard]] Result<std::vector<Block>> waiting(TimeMs since = INT64_MIN);
  [[nodiscard]] Result<Job> new_job();
  [[nodiscard]] Result<Job> past_the_store(const Error& error);
  [[nodiscard]] bool can_wait(const std::vector<Block>& blocks) const;
  [[nodiscard]] std::vector<Block> fresh(TimeMs oldest_waiting);
  [[nodiscard]] Job batch_job(Sending& sending, std::vector<Block> blocks);
  [[nodiscard]] Result<Job> suspect_job(Suspect suspect);
  void adopt(Sending& sending, const std::vector<Block>& blocks, const Batch& batch);

  void settle(const Job& job, const Reply& reply);
  void on_accepted(const Job& job, const Reply& reply);
  void on_refused(const Job& job, const Reply& reply);
  void finish(Sending& sending, const Batch& batch);
  void end_suspect(const Suspect& suspect);
  void fail(const Reply& reply, Duration wait);
  [[nodiscard]] std::uint32_t most() const;   // records in one batch
  [[nodiscard]] std::uint32_t limit() const;  // records in one request
  void flush_acks();
  void store_failed(const Error& error);
  void go_on();
  void rest();

  const std::string name_;
  const Kind kind_;
  Output& output_;
  Pace& pace_;
  const DeliveryContext context_;
  const Duration offset_;
  Backoff backoff_, store_backoff_;  // of the intake, of the buffer
  Journal journal_;

  Sending oldest_;   // from the cursor on
  Sending passing_;  // goes past the one above: what is fresh, or what memory has while the store is silent
  Suspects suspects_;
  std::vector<BlockId> to_ack_;  // done with, but the store does not know yet
  std::uint64_t accepted_ = 0;   // requests so far
  std::uint32_t refused_in_a_row_ = 0, slow_in_a_row_ = 0;
  std::uint32_t learned_limit_ = 0;          // records in one request after a too_large; 0: not learned
  std::int64_t due_ = 0, fresh_due_ = 0;     // steady: of the next step, of the next turn of the fresh
  bool new_release_ = false, sent_ = false;  // the next step begins one; something, since the last rest
  TimeMs released_ = 0;                      // wall, when the last one began
};

}  // namespace scops
