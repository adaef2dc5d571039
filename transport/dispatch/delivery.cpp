#include "transport/dispatch/delivery.hpp"

#include <algorithm>
#include <utility>

#include "transport/dispatch/release.hpp"

namespace scops {
namespace {

constexpr TimeMs everything = INT64_MIN;  // of all times
// An output without a limit of its own still must not make us hold a day's backlog in memory.
constexpr std::uint32_t most_records = 100'000;
// A link that is too slow for a batch gets smaller ones, but one that is dead is not to end at single
// records.
constexpr std::uint32_t smallest_cut = 100;
// An intake that accepted something a moment ago is alive; after this many refusals in a row it may not be.
constexpr std::uint32_t refusals_of_the_living = 500;

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
      journal_(name_, kind, context_.stats, context_.self) {
  rest();
}

std::int64_t Delivery::step(Duration timeout, const std::stop_token& stop) {
  const std::int64_t now = context_.clock.steady();
  if (now < due_) return due_;
  Result<std::vector<Block>> waiting = look();
  if (!waiting) {
    store_failed(waiting.error());
    return due_;
  }
  const bool all = since_ == everything;
  Job job = choose(*waiting);
  if (job.payload.size() == 0) {
    if (all && waiting->empty())
      rest();  // else what waited was damaged or empty, and is acked: look again at once
    return due_;
  }
  if (now < pace_.earliest()) return due_ = pace_.earliest();
  waiting->clear();  // what is being sent takes memory enough
  pace_.requested(now);
  journal_.sending(context_.buffer);
  const Reply reply = output_.send(job.payload, timeout, stop);
  if (reply.verdict == Verdict::retry && stop.stop_requested()) return due_;  // cut by ourselves
  journal_.requested(reply, backoff_.failures() > 0);
  settle(job, reply);
  return due_;
}

void Delivery::wake() {
  if (output_.limits(kind_).immediate && backoff_.failures() == 0) go_on();
}

void Delivery::hurry() {
  due_ = context_.clock.steady();
  pace_.hurry();
}

// --- what to send
// -------------------------------------------------------------------------------------------

// What the next request is made of: the batch under way; else what is fresh, if its turn has come and the
// oldest that waits is not; else the oldest.
Result<std::vector<Block>> Delivery::look() {
  if (blocks_.empty()) since_ = everything;
  Result<std::vector<Block>> waiting = read(since_);
  const TimeMs oldest_fresh = context_.clock.wall() - 2 * context_.settings.interval.count();
  const bool behind =
      waiting && !waiting->empty() && waiting->front().newest + waiting->front().shift < oldest_fresh;
  if (!behind || !blocks_.empty() || !context_.settings.fresh_first) return waiting;
  if (output_.limits(kind_).immediate || context_.clock.steady() < fresh_due_) return waiting;
  Result<std::vector<Block>> fresh = read(oldest_fresh);
  if (!fresh) return waiting;
  std::uint64_t records = 0;
  for (const Block& block : *fresh) records += suspects_.holds(block.id) ? 0 : block.records;
  // What one request does not take follows in the next one.
  if (records <= most() / 2) fresh_due_ = context_.clock.steady() + context_.settings.interval.count() / 2;
  if (records == 0) return waiting;
  since_ = oldest_fresh;
  return fresh;
}

Result<std::vector<Block>> Delivery::read(TimeMs since) {
  return context_.buffer.read(name_, kind_, most() + suspects_.records(), since);
}

// Suspects are looked for among all that waits: a look at the fresh does not show them.
Delivery::Job Delivery::choose(const std::vector<Block>& waiting) {
  const bool all = since_ == everything;
  if (all) suspects_.keep_only(waiting);
  if (const Suspect* ready = all ? suspects_.ready(accepted_) : nullptr) return suspect_job(waiting, *ready);

  std::vector<Block> fresh;
  for (const Block& block : waiting) {
    const Suspects::Held* const sent = in_batch(block.id);
    if (blocks_.empty() ? suspects_.holds(block.id) : sent == nullptr) continue;
    fresh.push_back(block);
    // What the intake may have already keeps its times, even if the clock has been set since.
    if (sent != nullptr && frozen()) fresh.back().shift = sent->shift;
  }
  if (fresh.empty() && !blocks_.empty()) {  // all of the batch has expired: look again
    blocks_.clear();
    return all ? choose(waiting) : Job{};
  }
  if (!fresh.empty()) return batch_job(std::move(fresh));
  if (const Suspect* any = all ? suspects_.any() : nullptr) return suspect_job(waiting, *any);
  return {};
}

Delivery::Job Delivery::batch_job(std::vector<Block> fresh) {
  Job job;
  job.batch = merge(kind_, fresh);
  fresh.resize(job.batch.blocks);
  const bool same = std::equal(fresh.begin(), fresh.end(), blocks_.begin(), blocks_.end(),
                               [](const Block& a, const Suspects::Held& b) { return a.shift == b.shift; });
  if (!same) adopt(fresh, job.batch);
  if (plan_.done()) {
    finish(job.batch);  // nothing in it that could be sent
    return job;
  }
  job.piece = plan_.next(limit());
  job.payload = slice(std::move(job.batch.payload), job.piece.begin, job.piece.end);
  return job;
}

// Makes `fresh` the current batch. Also when a part of the one before has expired: positions have changed, so
// what is left of it starts anew.
void Delivery::adopt(const std::vector<Block>& fresh, const Batch& batch) {
  if (!batch.damaged.empty()) journal_.dropped("damaged", batch.damaged_records);
  to_ack_.insert(to_ack_.end(), batch.damaged.begin(), batch.damaged.end());
  flush_acks();
  blocks_.clear();
  doubtful_ = false;
  for (const Block& block : fresh) {
    if (std::find(batch.damaged.begin(), batch.damaged.end(), block.id) != batch.damaged.end()) continue;
    blocks_.push_back({block.id, block.records, block.bytes.size(), block.shift});
  }
  plan_ = Plan(static_cast<std::uint32_t>(batch.payload.size()));
}

const Suspects::Held* Delivery::in_batch(BlockId id) const {
  const auto found =
      std::find_if(blocks_.begin(), blocks_.end(), [id](const Suspects::Held& b) { return b.block == id; });
  return found == blocks_.end() ? nullptr : &*found;
}

Delivery::Job Delivery::suspect_job(const std::vector<Block>& waiting, Suspect suspect) {
  Job job;
  const auto block = std::find_if(waiting.begin(), waiting.end(),
                                  [&suspect](const Block& b) { return b.id == suspect.block; });
  Batch batch = merge(kind_, {&*block, 1});  // it is there: keep_only() has seen to that
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
      if (reply.cut_short && job.piece.size() > smallest_cut) learned_limit_ = job.piece.size() / 2;
      doubtful_ = doubtful_ || reply.left;
      fail(reply, backoff_.failed());
      break;
  }
}

void Delivery::on_accepted(const Job& job, const Reply& reply) {
  ++accepted_;
  refused_in_a_row_ = 0;
  journal_.accepted(reply, job.payload.size(), context_.clock.wall(), backoff_.failures());
  backoff_.succeeded();
  go_on();
  if (job.suspect) {
    end_suspect(*job.suspect);
    return;
  }
  if (learned_limit_ != 0 && job.piece.size() == learned_limit_) learned_limit_ += learned_limit_ / 16 + 1;
  plan_.accepted(job.piece);
  if (plan_.done()) finish(job.batch);
}

// Whoever accepts other records is alive: the search goes on at once. Else this may be an intake that refuses
// everything, and then we wait longer and longer and drop nothing.
void Delivery::on_refused(const Job& job, const Reply& reply) {
  const bool accepting = job.suspect ? job.suspect->accepted_before < accepted_ : plan_.progressed();
  const bool alive = accepting && ++refused_in_a_row_ <= refusals_of_the_living;
  fail(reply, alive ? Duration(0) : backoff_.failed());
  if (!job.suspect) {
    plan_.refused(job.piece, accepted_);
    if (plan_.done()) finish(job.batch);
  } else if (suspects_.refused(*job.suspect, accepted_)) {
    journal_.dropped("refused", 1);
    end_suspect(*job.suspect);
  }
}

// The plan is through: blocks without a refused record are done with.
void Delivery::finish(const Batch& batch) {
  for (const Suspects::Held& block : blocks_) {
    std::vector<Suspect> found;
    for (const Refusal& refusal : plan_.refusals()) {
      const Origin& origin = batch.origins[refusal.position];
      if (origin.block == block.block) found.push_back({block.block, origin.record, refusal.accepted_before});
    }
    if (found.empty()) {
      to_ack_.push_back(block.block);
    } else if (!suspects_.hold(block, found, most())) {
      // No room to hold it: it is read, and sent, again; not at once, or that would be a busy loop.
      due_ = context_.clock.steady() + backoff_.failed().count();
    }
  }
  blocks_.clear();
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
  const Duration wait = backoff_.failed();
  due_ = context_.clock.steady() + wait.count();
  journal_.store_failed(error, wait);
}

void Delivery::go_on() { due_ = context_.clock.steady(); }

void Delivery::rest() {
  const Duration wait = until_release(context_.clock.wall(), context_.settings.interval, offset_);
  due_ = context_.clock.steady() + wait.count();
}

}  // namespace scops
