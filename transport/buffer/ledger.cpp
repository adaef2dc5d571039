#include "transport/buffer/ledger.hpp"

#include <algorithm>
#include <utility>

namespace scops {

namespace {

constexpr std::uint32_t bit(std::size_t output) { return 1U << output; }

bool has(std::span<const BlockId> ids, std::uint64_t minor) {
  return std::any_of(ids.begin(), ids.end(), [minor](BlockId id) { return id.minor == minor; });
}

template <class Entries>
auto lower_bound_of(Entries& entries, std::uint64_t id) {
  return std::lower_bound(entries.begin(), entries.end(), id,
                          [](const Entry& entry, std::uint64_t wanted) { return entry.id < wanted; });
}

}  // namespace

Ledger::Ledger(std::vector<std::string> outputs, Retention retention)
    : retention_(retention), outputs_(std::move(outputs)) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) everyone_ |= bit(i);
}

std::optional<std::size_t> Ledger::output(std::string_view name) const {
  const auto found = std::find(outputs_.begin(), outputs_.end(), name);
  if (found == outputs_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - outputs_.begin());
}

std::optional<std::size_t> Ledger::add_absent(std::string name) {
  const std::size_t number = outputs_.size();
  if (number == outputs_max) return std::nullopt;
  outputs_.push_back(std::move(name));
  everyone_ |= bit(number);
  absent_ |= bit(number);
  return number;
}

void Ledger::add(const Entry& entry) {
  entries_.push_back(entry);
  entries_.back().acked |= absent_;
  reserve_ids(entry.id + 1);
  ++blocks_;
  records_ += entry.records;
  if (entry.kind == Kind::metrics) metrics_ += entry.records;
  bytes_ += entry.size;
}

void Ledger::reserve_ids(std::uint64_t id) { next_id_ = std::max(next_id_, id); }

const Entry* Ledger::find(std::uint64_t id) const {
  const auto found = lower_bound_of(entries_, id);
  return found != entries_.end() && found->id == id ? &*found : nullptr;
}

Entry* Ledger::find_waiting(std::uint64_t id) {
  const auto found = lower_bound_of(entries_, id);
  return found != entries_.end() && found->id == id && !found->gone ? &*found : nullptr;
}

Ledger::Next Ledger::next(std::size_t output, Kind kind, const Wanted& wanted, bool at_least_one) const {
  Next result;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  const Timeline::Now now = retention_.now(0);
  const auto [first, end] = range_of(wanted.only);
  for (auto at = first; at != end; ++at) {
    const Entry& entry = *at;
    if (entry.gone || entry.kind != kind || (entry.acked & bit(output)) != 0) continue;
    if (!wanted.only.empty() && !has(wanted.only, entry.id)) continue;
    if (has(wanted.except, entry.id) || !may_go(now, entry, wanted)) continue;
    records += entry.records;
    bytes += entry.size;
    const bool full = records > wanted.records || bytes > read_bytes_max;
    if (full && !(at_least_one && result.ids.empty())) {
      result.more = true;
      break;
    }
    result.ids.push_back(entry.id);
  }
  return result;
}

// Where the entries with these ids are to be found; all entries when there are none.
std::pair<Ledger::Position, Ledger::Position> Ledger::range_of(std::span<const BlockId> only) const {
  if (only.empty()) return {entries_.begin(), entries_.end()};
  const auto [least, most] =
      std::minmax_element(only.begin(), only.end(), [](BlockId a, BlockId b) { return a.minor < b.minor; });
  return {lower_bound_of(entries_, least->minor), lower_bound_of(entries_, most->minor + 1)};
}

bool Ledger::may_go(const Timeline::Now& now, const Entry& entry, const Wanted& wanted) const {
  const Timeline::Date dated = retention_.timeline == nullptr ? Timeline::Date{} : date(now, entry);
  return (dated.verdict == Timeline::Verdict::ready || wanted.held) &&
         entry.newest + dated.shift >= wanted.since;
}

bool Ledger::ack(std::size_t output, std::uint64_t id) {
  Entry* entry = find_waiting(id);
  if (entry == nullptr || (entry->acked & bit(output)) != 0) return false;
  entry->acked |= bit(output);
  if (entry->acked == everyone_) (void)let_go(*entry);
  return true;
}

void Ledger::ack_range(std::size_t output, Kind kind, IdRange range) {
  for (auto at = lower_bound_of(entries_, range.first); at != entries_.end() && at->id <= range.last; ++at) {
    if (at->kind == kind) (void)ack(output, at->id);
  }
}

std::vector<IdRange> Ledger::ranges(std::size_t output, Kind kind, std::size_t limit) const {
  std::vector<IdRange> result;
  std::uint64_t first = 0;
  bool acked = true;  // something in the range; the first one is the position and stands anyway
  for (const Entry& entry : entries_) {
    if (entry.kind != kind) continue;
    if (entry.gone || (entry.acked & bit(output)) != 0) {
      acked = true;
      continue;
    }
    if (acked) result.push_back({first, entry.id - 1});
    if (result.size() == limit) return result;
    first = entry.id + 1;
    acked = false;
  }
  if (acked) result.push_back({first, next_id_ - 1});
  return result;
}

std::uint64_t Ledger::let_go(Entry& entry) {
  entry.gone = true;
  ++gone_;
  --blocks_;
  records_ -= entry.records;
  if (entry.kind == Kind::metrics) metrics_ -= entry.records;
  bytes_ -= entry.size;
  return entry.records;
}

std::uint64_t Ledger::retire(std::uint64_t id) {
  Entry* entry = find_waiting(id);
  return entry == nullptr ? 0 : let_go(*entry);
}

Timeline::Date Ledger::date(const Timeline::Now& now, const Entry& entry) const {
  return retention_.date(now, entry.kind, entry.newest, entry.stamp);
}

TimeMs Ledger::shift(const Entry& entry) const { return date(retention_.now(0), entry).shift; }

// The oldest are looked at each time, until so many in a row may stay; and as many of the others, each time
// further ones, because not all are as old as their place says. A backlog of a week is not walked through at
// every flush.
Expired Ledger::expire(TimeMs now) {
  constexpr std::size_t staying_max = 1024;
  Expired records;
  const Timeline::Now moment = retention_.now(now);
  std::size_t stay = 0;
  for (std::size_t i = 0; i < entries_.size() && stay < staying_max; ++i)
    stay += let_expire(entries_[i], moment, records) ? 0U : 1U;
  stay = 0;
  for (std::size_t i = 0; i < entries_.size() && stay < staying_max; ++i) {
    if (look_next_ >= entries_.size()) look_next_ = 0;
    stay += let_expire(entries_[look_next_++], moment, records) ? 0U : 1U;
  }
  return records;
}

// True when nobody waits for it, now or before.
bool Ledger::let_expire(Entry& entry, const Timeline::Now& moment, Expired& records) {
  if (entry.gone) return true;
  const Timeline::Verdict verdict = date(moment, entry).verdict;
  if (verdict == Timeline::Verdict::old) records.old += let_go(entry);
  if (verdict == Timeline::Verdict::undated) records.undated += let_go(entry);
  return entry.gone;
}

std::vector<std::uint64_t> Ledger::in_the_way(std::uint64_t incoming, std::uint64_t limit) const {
  std::vector<std::uint64_t> ids;
  std::uint64_t total = bytes_ + incoming;
  for (const Entry& entry : entries_) {
    if (total <= limit) break;
    if (entry.gone) continue;
    ids.push_back(entry.id);
    total -= entry.size;
  }
  return ids;
}

std::vector<std::uint64_t> Ledger::gone() const {
  std::vector<std::uint64_t> ids;
  for (const Entry& entry : entries_) {
    if (ids.size() == gone_) break;  // a backlog has many that are not
    if (entry.gone) ids.push_back(entry.id);
  }
  return ids;
}

void Ledger::sweep() {
  if (std::exchange(gone_, 0) == 0) return;
  std::erase_if(entries_, [](const Entry& entry) { return entry.gone; });
}

BufferStats Ledger::stats() const {
  BufferStats stats{.blocks = blocks_,
                    .records = records_,
                    .metrics = metrics_,
                    .bytes = bytes_,
                    .oldest = 0,
                    .durable = true,
                    .trouble = {}};
  const auto waiting =
      std::find_if(entries_.begin(), entries_.end(), [](const Entry& entry) { return !entry.gone; });
  if (waiting != entries_.end()) stats.oldest = waiting->newest + shift(*waiting);
  return stats;
}

}  // namespace scops
