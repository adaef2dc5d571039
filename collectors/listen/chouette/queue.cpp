#include "collectors/listen/chouette/queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/model/text.hpp"
#include "core/runtime/log.hpp"

namespace scops::chouette {
namespace {

constexpr std::size_t page_size = 2000;
constexpr std::size_t drop_page_size = 5000;

// What the intake keeps as it is until a commit (raw records it aggregates), and what the ids of a window may
// take.
constexpr std::size_t batch_bytes_max = 1U << 20U;
constexpr std::size_t ids_bytes_max = 16U << 20U;

// What a slow board on a slow link still commits within a timeout; logs are longer than metrics.
constexpr std::size_t batch_min = 1000;
constexpr std::size_t logs_batch_min = 100;

std::string labels_of(std::string_view queue) { return fmt::format(R"(queue="{}")", queue); }

}  // namespace

Queue::Queue(const Shared& shared, const QueueSetup& setup)
    : shared_(shared),
      setup_(setup),
      names_(shared.prefix, setup.name),
      taker_(setup.content),
      losses_(shared.stats, names_.label),
      orphans_(shared.redis, names_, shared.clock, setup.ttl, losses_),
      records_(shared.stats.counter("scops_chouette_records_total",
                                    "Records taken from Chouette's queues and made durable.",
                                    labels_of(names_.label))),
      waiting_(shared.stats.gauge("scops_chouette_waiting_records",
                                  "Records left in Chouette's queues by the last round.",
                                  labels_of(names_.label))),
      windows_(shared.stats.counter("scops_chouette_windows_total", "Windows of raw records moved.")),
      cut_(shared.stats.counter("scops_chouette_cut_windows_total",
                                "Windows that had more records than one commit takes and were cut.")),
      batch_(setup.batch_max) {}

Status Queue::finish() {
  if (unfinished_.empty()) return Ok{};
  if (Status erased = run_erase(shared_.redis, names_, unfinished_); !erased) return erased;
  unfinished_.clear();
  return Ok{};
}

Status Queue::drain(const Round& round) {
  forget(round);  // a round that ended by an exception may have left something
  Status status = finish();
  if (status) status = count_unsure();
  if (status && !round.closing) status = clean_up(round);
  if (status) status = move(round);
  if (status && !round.closing) status = count_waiting();
  if (!status) forget(round);
  return status;
}

Status Queue::clean_up(const Round& round) {
  if (Status freed = free_names(); !freed) return freed;
  const std::string oldest = "(" + score_text(oldest_of(round));
  if (Status dropped = drop_range(round, Flaw::age, {"-inf", oldest}); !dropped) return dropped;
  // A board without a battery starts in 1970: what came before its last restart is then not junk.
  if (round.now < shared_.plausible_since) return Ok{};
  return drop_range(round, Flaw::future, {"(" + score_text(round.now + future_max), "+inf"});
}

Status Queue::move(const Round& round) {
  const TimeMs oldest = oldest_of(round);
  if (setup_.content == Content::raw) return move_windows(round, oldest);
  return move_range(round, {score_text(oldest), score_text(round.now + future_max)});
}

// Something else under our names would stop the clients as well as us: it is moved aside, and expires.
Status Queue::free_names() {
  for (const auto& [key, wanted] : {std::pair(&names_.keys, "zset"), std::pair(&names_.values, "hash")}) {
    const auto type = checked("TYPE " + *key, shared_.redis.command({"TYPE", *key}));
    if (!type) return type.error();
    if (Status freed = free_name(*key, std::string(type->text()), wanted); !freed) return freed;
  }
  return Ok{};
}

Status Queue::free_name(std::string_view key, std::string_view type, std::string_view wanted) {
  if (type == wanted || type == "none") return Ok{};
  const std::string aside = std::string(key) + ".foreign";
  const auto moved = checked("RENAME", shared_.redis.command({"RENAME", key, aside}));
  if (!moved) return moved.error();
  const std::string seconds = fmt::to_string(std::max<std::int64_t>(1, setup_.ttl.count() / 1000));
  (void)shared_.redis.command({"EXPIRE", aside, seconds});
  shared_.stats
      .counter("scops_chouette_foreign_keys_total",
               "Keys of another type under the names of Chouette's queues, moved aside.",
               labels_of(names_.label))
      .add();
  log::warn("collect", "foreign_key",
            {{"key", printable(key)}, {"type", printable(type)}, {"moved_to", printable(aside)}});
  return Ok{};
}

// Without a transaction: a Redis at its memory limit must be able to get rid of these.
Status Queue::drop_range(const Round& round, Flaw flaw, const ScoreRange& range) {
  Pager pager(shared_.redis, names_, range);
  Page page;
  while (!over(round)) {
    const Result<bool> more = pager.next(page, drop_page_size);
    if (!more) return more.error();
    if (!*more) break;
    losses_.note(flaw, page.ids.count());
    if (Status dropped = drop(std::exchange(page.ids, {})); !dropped) return dropped;
    pager.erased();
  }
  return Ok{};
}

// Counted before they are erased: where the answer to that is lost, finish() erases what is left, and nothing
// is read before.
Status Queue::drop(PackedIds ids) {
  losses_.count();
  unfinished_ = std::move(ids);
  return finish();
}

// Oldest first. Closed windows only; the open one too when the agent stops.
Status Queue::move_windows(const Round& round, TimeMs oldest) {
  const TimeMs window = shared_.window.count();
  const TimeMs ended = std::max<TimeMs>(0, round.now - shared_.lag.count()) / window * window;
  const TimeMs due = round.closing ? window_end(round.now) : ended;
  while (!over(round)) {
    const auto first = first_time({score_text(oldest), "(" + score_text(due)});
    if (!first) return first.error();
    if (!*first) break;
    const TimeMs end = window_end(**first);
    const double before = records_.value();
    if (Status moved = move_range(round, {score_text(oldest), "(" + score_text(end)}); !moved) return moved;
    if (records_.value() > before) windows_.add();
    oldest = end;
  }
  return Ok{};
}

Result<std::optional<TimeMs>> Queue::first_time(const ScoreRange& range) {
  Pager pager(shared_.redis, names_, range);
  Page page;
  const Result<bool> any = pager.next(page, 1);
  if (!any) return any.error();
  return *any ? std::optional(page.times.front()) : std::nullopt;
}

// What the intake has of it is forgotten when the round ends in between: it stays in the queue.
Status Queue::move_range(const Round& round, const ScoreRange& range) {
  std::optional<Pager> pager;
  Page page;
  for (;;) {
    if (over(round)) {
      forget(round);
      return Ok{};
    }
    if (!pager) pager.emplace(shared_.redis, names_, range);
    const std::size_t room = batch_ - std::min(batch_, good_.count() + bad_.count());
    const Result<bool> more = pager->next(page, std::clamp<std::size_t>(room, 1, page_size));
    if (!more) return more.error();
    if (!*more) break;
    if (Status taken = take_page(round, page); !taken) return taken;
    if (!batch_full(round)) continue;
    if (Status committed = commit(round); !committed) return committed;
    if (setup_.content == Content::raw) cut_.add();
    pager.reset();  // what is left of the page, and of the range, is at its beginning now
  }
  return commit(round);
}

Status Queue::take_page(const Round& round, const Page& page) {
  return visit_values(shared_.redis, names_, page, setup_.record_max,
                      [&](std::string_view id, TimeMs time, const Found& found) {
                        return take_record(round, id, time, found);
                      });
}

// False: the batch is full with it.
bool Queue::take_record(const Round& round, std::string_view id, TimeMs time, const Found& found) {
  Flaw flaw = Flaw::none;
  if (found.state == Found::State::missing) {
    // The client may be between its two commands.
    const TimeMs late = window_end(time) + shared_.window.count() + shared_.lag.count();
    if (late > round.now) return true;
    flaw = Flaw::no_value;
  } else if (found.state == Found::State::too_large) {
    flaw = Flaw::too_large;
  } else {
    flaw = taker_.take(found.value, time, round.now, round.intake);
  }
  if (flaw == Flaw::none) {
    good_.add(id);
    bytes_ += found.value.size();
  } else {
    bad_.add(id);
    losses_.note(flaw, found.state == Found::State::there ? found.value : id);
  }
  return !batch_full(round);
}

Status Queue::commit(const Round& round) {
  if (!bad_.empty()) {
    if (Status dropped = drop(std::exchange(bad_, {})); !dropped) return dropped;
  }
  if (good_.empty()) return Ok{};
  const std::size_t size = good_.count();
  Status committed = commit_good(round);
  const std::size_t least = setup_.content == Content::logs ? logs_batch_min : batch_min;
  batch_ = std::min(setup_.batch_max, committed ? std::max(batch_, 2 * size) : std::max(least, size / 2));
  return committed;
}

Status Queue::commit_good(const Round& round) {
  const Result<bool> held = shared_.lease.still_held();
  if (!held) return held.error();
  if (!*held) return Error{ErrorKind::retry, "another agent has taken the lease"};
  const Erase erase(names_, good_, shared_.lease.guard());
  const Result<bool> committed = round.intake.commit(erase);
  if (!committed) {
    unsure_ = good_.count();
    unsure_id_ = PackedIds::Reader(good_).next();
    recount_ = round.intake.recount();
    return within(names_.label, committed.error());
  }
  records_.add(static_cast<double>(good_.count()));
  bytes_ = 0;
  if (*committed) {
    good_.clear();
    return Ok{};
  }
  unfinished_ = std::exchange(good_, {});
  return finish();
}

// What is no longer in its queue was made durable, all of it.
Status Queue::count_unsure() {
  if (unsure_ == 0) return Ok{};
  const auto score =
      checked("ZSCORE " + names_.keys, shared_.redis.command({"ZSCORE", names_.keys, unsure_id_}));
  if (!score) return score.error();
  if (score->is_nil()) {
    records_.add(static_cast<double>(unsure_));
    recount_();
  }
  unsure_ = 0;
  recount_ = {};
  return Ok{};
}

Status Queue::count_waiting() {
  const auto keys = checked("ZCARD " + names_.keys, shared_.redis.command({"ZCARD", names_.keys}));
  if (!keys) return keys.error();
  const std::int64_t waiting = keys->integer();
  waiting_.set(static_cast<double>(waiting));
  const auto values = checked("HLEN " + names_.values, shared_.redis.command({"HLEN", names_.values}));
  if (!values) return values.error();
  return values->integer() > waiting ? orphans_.look(taker_.parser()) : Ok{};
}

bool Queue::over(const Round& round) const {
  return round.closing ? shared_.clock.steady() >= round.deadline : round.stop.stop_requested();
}

bool Queue::batch_full(const Round& round) const {
  if (good_.count() + bad_.count() >= batch_ || round.intake.full()) return true;
  return setup_.content == Content::raw ? good_.bytes() + bad_.bytes() >= ids_bytes_max
                                        : bytes_ >= batch_bytes_max;
}

TimeMs Queue::oldest_of(const Round& round) const {
  return std::max<TimeMs>(0, round.now - setup_.ttl.count());
}

TimeMs Queue::window_end(TimeMs time) const {
  const TimeMs window = shared_.window.count();
  return (time / window + 1) * window;
}

void Queue::forget(const Round& round) {
  good_.clear();
  bad_.clear();
  bytes_ = 0;
  losses_.forget();
  round.intake.discard();
}

}  // namespace scops::chouette
