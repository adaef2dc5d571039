#include "transport/dispatch/delivery.hpp"

#include <algorithm>
#include <utility>

#include "core/runtime/memory.hpp"
#include "transport/dispatch/release.hpp"

namespace scops {
namespace {

// An output without a limit of its own still must not make us hold a day's backlog in memory.
constexpr std::uint32_t most_records = 100'000;
// A link that is too slow for a batch gets smaller ones, but one that is dead is not to end at single
// records.
constexpr std::uint32_t smallest_cut = 100;
// A request that was sent, but not confirmed in time, is sent again as it was, so often; else a link would
// never get through what it can just not carry.
constexpr std::uint32_t patience = 3;
// An intake that accepted something a moment ago is alive; after this many refusals in a row it may not be.
constexpr std::uint32_t refusals_of_the_living = 500;

// Is the same request to be sent again, byte by byte, whatever limit other ones have found meanwhile?
bool is_again(Verdict verdict) {
  return verdict == Verdict::retry || verdict == Verdict::throttled || verdict == Verdict::unauthorized;
}

}  // namespace

Delivery::Delivery(std::string name, Kind kind, Output& output, Pace& pace, DeliveryContext context)
    : name_(std::move(name)),
      kind_(kind),
      output_(output),
      pace_(pace),
      context_(std::move(context)),
      offset_(release_offset(context_.host, context_.settings.interval)),
      backoff_(context_.settings.backoff_min, context_.settings.backoff_max,
               context_.seed + static_cast<std::uint64_t>(kind)),
      store_backoff_(backoff_),
      journal_(name_, kind, context_.stats, context_.self) {
  rest();
}

std::int64_t Delivery::step(Duration timeout, const std::stop_token& stop) {
  const std::int64_t now = context_.clock.steady();
  // Before anything is chosen: what comes while the request has to wait is still looked at.
  due_ = std::max(due_, pace_.earliest());
  if (now < due_) return due_;
  if (std::exchange(new_release_, false)) released_ = context_.clock.wall();
  Result<Job> job = next_job();
  if (!job) {
    store_failed(job.error());
    return due_;
  }
  store_backoff_.succeeded();
  if (job->payload.size() == 0) return due_;
  pace_.requested(now);
  sent_ = true;
  journal_.sending(context_.buffer);
  const Reply reply = output_.send(job->payload, timeout, stop);
  if (reply.verdict == Verdict::retry && stop.stop_requested()) return due_;  // cut by ourselves
  journal_.requested(reply, backoff_.failures() > 0);
  settle(*job, reply);
  return due_;
}

void Delivery::wake() {
  const bool well = backoff_.failures() == 0 && store_backoff_.failures() == 0;
  if (output_.limits(kind_).immediate && well) go_on();
}

void Delivery::hurry() {
  new_release_ = true;  // this is a release
  due_ = context_.clock.steady();
  pace_.hurry();
}

// --- what to send
// -------------------------------------------------------------------------------------------

// What the next request is made of: a batch that is on its way, unless it is old and the turn of what is
// fresh has come; else what waits.
Result<Delivery::Job> Delivery::next_job() {
  if (!passing_.empty()) {
    Result<Job> job = go_on_with(passing_);
    if (!job || !passing_.empty()) return job;
  }
  if (!oldest_.empty()) {
    if (auto blocks = fresh(oldest_.oldest()); !blocks.empty()) return batch_job(passing_, std::move(blocks));
    Result<Job> job = go_on_with(oldest_);
    if (!job) return past_the_store(job.error());
    if (!oldest_.empty()) return job;
  }
  return new_job();
}

// The same blocks again, as far as they have not expired; none is left, and nothing to do, when all have.
Result<Delivery::Job> Delivery::go_on_with(Sending& sending) {
  Result<std::vector<Block>> blocks = context_.buffer.read(name_, kind_, sending.wanted());
  if (!blocks) return blocks.error();
  if (blocks->empty()) {
    sending = Sending();
    return Job{};
  }
  for (Block& block : *blocks) {
    if (sending.frozen()) block.shift = sending.part(block.id)->shift;
  }
  return batch_job(sending, std::move(*blocks));
}

// Of what waits, less what is on its way or held back for a suspect's sake. `since` as in Wanted.
Result<std::vector<Block>> Delivery::waiting(TimeMs since) {
  Wanted wanted = {.records = most(), .since = since, .except = suspects_.blocks()};
  for (const Sending* sending : {&oldest_, &passing_})
    for (const Sending::Part& part : sending->parts) wanted.except.push_back(part.block);
  return context_.buffer.read(name_, kind_, std::move(wanted));
}

Result<Delivery::Job> Delivery::new_job() {
  Result<std::vector<Block>> blocks = waiting();
  if (!blocks) return blocks.error();
  if (!blocks->empty()) {
    const Block& first = blocks->front();
    if (auto past = fresh(first.newest + first.shift); !past.empty())
      return batch_job(passing_, std::move(past));
  }
  if (const Suspect* ready = suspects_.ready(accepted_)) {
    Result<Job> job = suspect_job(*ready);
    if (job || blocks->empty()) return job;  // else its store is silent, and these are in memory
  }
  if (!blocks->empty() && !can_wait(*blocks)) return batch_job(oldest_, std::move(*blocks));
  if (const Suspect* any = suspects_.any(); any != nullptr && blocks->empty()) return suspect_job(*any);
  rest();
  return Job{};
}

// The oldest batch lies in a store that does not answer. What is held in memory meanwhile does not wait for
// it.
Result<Delivery::Job> Delivery::past_the_store(const Error& error) {
  Result<std::vector<Block>> blocks = waiting();
  if (!blocks || blocks->empty()) return error;
  return batch_job(passing_, std::move(*blocks));
}

// A few records that have come since the release, while other ones were being sent: they wait for the next
// one. On a slow link there are always some.
bool Delivery::can_wait(const std::vector<Block>& blocks) const {
  const TimeMs now = context_.clock.wall();
  std::uint64_t records = 0;
  for (const Block& block : blocks) {
    const TimeMs newest = block.newest + block.shift;
    if (newest <= released_ || newest > now) return false;  // an application's clock may be ahead
    records += block.records;
  }
  return !output_.limits(kind_).immediate && records < most() / 2;
}

// What goes past a backlog: nothing when it is no backlog, or when it is not the turn of the fresh.
std::vector<Block> Delivery::fresh(TimeMs oldest_waiting) {
  const TimeMs oldest_fresh = context_.clock.wall() - 2 * context_.settings.interval.count();
  if (oldest_waiting >= oldest_fresh || !context_.settings.fresh_first) return {};
  if (output_.limits(kind_).immediate || context_.clock.steady() < fresh_due_) return {};
  Result<std::vector<Block>> found = waiting(oldest_fresh);
  if (!found) return {};
  std::uint64_t records = 0;
  for (const Block& block : *found) records += block.records;
  // What one request does not take follows in the next one.
  if (records <= most() / 2) fresh_due_ = context_.clock.steady() + context_.settings.interval.count() / 2;
  return std::move(*found);
}

Delivery::Job Delivery::batch_job(Sending& sending, std::vector<Block> blocks) {
  Job job;
  job.of = &sending;
  job.batch = merge(kind_, blocks);
  blocks.resize(job.batch.blocks);
  if (!sending.consists_of(blocks)) adopt(sending, blocks, job.batch);
  if (sending.plan.done()) {
    finish(sending, job.batch);  // nothing in it that could be sent
    return job;
  }
  job.piece = sending.plan.next(sending.again == 0 ? limit() : sending.again);
  job.payload = slice(std::move(job.batch.payload), job.piece.begin, job.piece.end);
  return job;
}

void Delivery::adopt(Sending& sending, const std::vector<Block>& blocks, const Batch& batch) {
  if (!batch.damaged.empty()) journal_.dropped("damaged", batch.damaged_records);
  to_ack_.insert(to_ack_.end(), batch.damaged.begin(), batch.damaged.end());
  flush_acks();
  sending.become(blocks, batch);
}

Result<Delivery::Job> Delivery::suspect_job(Suspect suspect) {
  Result<std::vector<Block>> block =
      context_.buffer.read(name_, kind_, {.only = {suspect.block}, .held = true});
  if (!block) return block.error();
  Job job;
  if (block->empty()) {
    suspects_.forget(suspect.block);  // it has expired
    return job;
  }
  Batch batch = merge(kind_, *block);
  const auto origin = std::find_if(batch.origins.begin(), batch.origins.end(),
                                   [&suspect](const Origin& o) { return o.record == suspect.record; });
  const auto place = static_cast<std::size_t>(origin - batch.origins.begin());
  job.payload = slice(std::move(batch.payload), place, place + 1);
  if (job.payload.size() == 0) end_suspect(suspect);  // the block has gone bad in the store
  job.suspect = suspect;
  return job;
}

// --- what became of it
// --------------------------------------------------------------------------------------

void Delivery::settle(const Job& job, const Reply& reply) {
  if (job.of != nullptr) job.of->again = is_again(reply.verdict) ? job.piece.size() : 0;
  if (reply.verdict != Verdict::retry) slow_in_a_row_ = 0;
  switch (reply.verdict) {
    case Verdict::accepted:
      on_accepted(job, reply);
      break;
    case Verdict::too_large:
      if (job.payload.size() > 1) {
        learned_limit_ = job.piece.size() / 2;
        go_on();
        break;
      }
      [[fallthrough]];  // it cannot be made smaller
    case Verdict::refused:
      on_refused(job, reply);
      break;
    case Verdict::throttled:
      fail(reply, backoff_.throttled(reply.retry_after));
      break;
    case Verdict::unauthorized:
      fail(reply, backoff_.hopeless());
      break;
    case Verdict::retry:
      if (job.of != nullptr && reply.left && !reply.cut_short) job.of->doubtful = true;
      slow_in_a_row_ = reply.slow ? slow_in_a_row_ + 1 : 0;
      if ((reply.cut_short || slow_in_a_row_ >= patience) && job.piece.size() > smallest_cut) {
        learned_limit_ = job.piece.size() / 2;
        job.of->again = 0;
        slow_in_a_row_ = 0;
      }
      fail(reply, backoff_.failed());
      break;
  }
}

void Delivery::on_accepted(const Job& job, const Reply& reply) {
  ++accepted_;
  refused_in_a_row_ = 0;
  journal_.accepted(reply, job.payload.size(), context_.clock.wall(), backoff_.failures());
  new_release_ = backoff_.failures() > 0;  // what has come during the outage does not wait
  backoff_.succeeded();
  go_on();
  if (job.suspect) {
    end_suspect(*job.suspect);
    return;
  }
  if (learned_limit_ != 0 && job.piece.size() == learned_limit_) learned_limit_ += learned_limit_ / 16 + 1;
  job.of->plan.accepted(job.piece);
  finish(*job.of, job.batch);
}

// Whoever accepts other records is alive: the search goes on at once. Else this may be an intake that refuses
// everything, and then we wait longer and longer and drop nothing.
void Delivery::on_refused(const Job& job, const Reply& reply) {
  const bool accepting = job.suspect ? job.suspect->accepted_before < accepted_ : job.of->plan.progressed();
  const bool alive = accepting && ++refused_in_a_row_ <= refusals_of_the_living;
  fail(reply, alive ? Duration(0) : backoff_.failed());
  if (!job.suspect) {
    job.of->plan.refused(job.piece, accepted_);
    finish(*job.of, job.batch);
  } else if (suspects_.refused(*job.suspect, accepted_)) {
    journal_.dropped("refused", 1);
    end_suspect(*job.suspect);
  }
}

// If the plan is through, blocks without a refused record are done with.
void Delivery::finish(Sending& sending, const Batch& batch) {
  if (!sending.plan.done()) return sending.note(batch);
  for (const Sending::Part& part : sending.parts) {
    std::vector<Suspect> found;
    for (const Refusal& refusal : sending.plan.refusals()) {
      const Origin& origin = batch.origins[refusal.position];
      if (origin.block == part.block) found.push_back({part.block, origin.record, refusal.accepted_before});
    }
    if (found.empty()) to_ack_.push_back(part.block);
    suspects_.hold(found);
  }
  sending = Sending();
  flush_acks();
}

void Delivery::end_suspect(const Suspect& suspect) {
  if (const std::optional<BlockId> block = suspects_.settled(suspect)) to_ack_.push_back(*block);
  flush_acks();
}

void Delivery::fail(const Reply& reply, Duration wait) {
  due_ = context_.clock.steady() + wait.count();
  journal_.failed(reply, wait);
}

// --- limits, acks, times
// ------------------------------------------------------------------------------------

std::uint32_t Delivery::most() const {
  const std::uint32_t own = output_.limits(kind_).records;
  return own == 0 ? most_records : std::min(own, most_records);
}

std::uint32_t Delivery::limit() const {
  return learned_limit_ == 0 ? most() : std::min(most(), learned_limit_);
}

// A store that cannot note it, a full disk for one, does not hold up what can be sent.
void Delivery::flush_acks() {
  if (to_ack_.empty()) return;
  const Status acked = context_.buffer.ack(name_, to_ack_);
  if (!acked) journal_.ack_failed(acked.error());
  to_ack_.clear();
}

void Delivery::store_failed(const Error& error) {
  const Duration wait = store_backoff_.failed();
  due_ = context_.clock.steady() + wait.count();
  new_release_ = true;  // what comes meanwhile has waited long enough
  journal_.store_failed(error, wait);
}

void Delivery::go_on() { due_ = context_.clock.steady(); }

void Delivery::rest() {
  const Duration wait = until_release(context_.clock.wall(), context_.settings.interval, offset_);
  due_ = context_.clock.steady() + wait.count();
  new_release_ = true;
  if (std::exchange(sent_, false)) memory::trim();  // bodies, answers, a handshake
}

}  // namespace scops
