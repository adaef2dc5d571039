// The buffer in a Redis as its outputs read and ack it.

#include <algorithm>
#include <utility>

#include "core/io/block_codec.hpp"
#include "core/model/size.hpp"
#include "core/runtime/log.hpp"
#include "transport/buffer/queue.hpp"
#include "transport/buffer/redis_buffer.hpp"

namespace scops {

namespace {

constexpr std::size_t page_max = 256;            // entries of one reply
constexpr std::size_t page_unknown = 16;         // the same when their size is not known
constexpr std::uint64_t page_bytes = 1U << 20U;  // about what one reply may have
constexpr std::size_t acks_at_once = 256;
constexpr int fresh_pages_max = 16;      // that are looked through for the oldest of the fresh
constexpr std::size_t known_max = 8192;  // the size of others is asked for again

struct Fresh {
  StreamId id;
  std::uint32_t records = 0;
};

// Of `found`, which begins with the youngest, as many of the oldest as have so many records.
std::vector<StreamId> oldest_of(const std::vector<Fresh>& found, std::uint64_t records) {
  std::vector<StreamId> oldest;
  std::uint64_t sum = 0;
  for (auto one = found.rbegin(); one != found.rend() && sum < records; ++one) {
    oldest.push_back(one->id);
    sum += one->records;
  }
  return oldest;
}

}  // namespace

// A batch in the making.
struct RedisBuffer::Gathering {
  Output& output;
  Kind kind;
  const Wanted& wanted;
  Fetched& batch;
  StreamId after = {};  // all up to here has been looked at
  StreamId given = {};  // the youngest that was given before: claimed, it may come again among the fresh
  std::uint64_t records = 0, bytes = 0;
  std::vector<StreamId> late = {};  // the output had acked them before it was given them

  [[nodiscard]] bool full() const {
    return batch.more || (records >= wanted.records && !batch.blocks.empty());
  }
  [[nodiscard]] bool has(const RedisEntry& entry) const {
    return entry.id <= given &&
           std::any_of(batch.blocks.begin(), batch.blocks.end(),
                       [&entry](const Block& block) { return block.id == entry.block.id; });
  }
  [[nodiscard]] bool excepts(const RedisEntry& entry) const {
    return std::find(wanted.except.begin(), wanted.except.end(), entry.block.id) != wanted.except.end();
  }
  // Only what we were given before.
  [[nodiscard]] bool given_only() const { return wanted.since != INT64_MIN || !wanted.only.empty(); }
  [[nodiscard]] bool asks_for(const RedisEntry& entry, TimeMs shift) const {
    const auto& only = wanted.only;
    const bool named = only.empty() || std::find(only.begin(), only.end(), entry.block.id) != only.end();
    return named && !excepts(entry) && entry.block.newest + shift >= wanted.since && !has(entry);
  }
  void note_fresh(std::span<const RedisEntry> entries, std::vector<Fresh>& into) const {
    for (const RedisEntry& entry : entries) {
      if (!excepts(entry)) into.push_back({entry.id, entry.block.records});
    }
  }
  // False: no room for it.
  bool add(Block block) {
    const std::uint64_t more_records = records + block.records;
    const std::uint64_t more_bytes = bytes + block.bytes.size();
    if (!batch.blocks.empty() && (more_records > wanted.records || more_bytes > read_bytes_max)) {
      batch.more = true;
      return false;
    }
    records = more_records;
    bytes = more_bytes;
    batch.blocks.push_back(std::move(block));
    return true;
  }
};

Result<Fetched> RedisBuffer::fetch(std::string_view output, Kind kind, const Wanted& wanted) {
  const std::scoped_lock lock(mutex_);
  Output* const found = find(output);
  if (found == nullptr) return unknown_output(output);
  Fetched batch;
  const Status done = attempt([&]() -> Status {
    batch = {};
    Gathering gathering{.output = *found, .kind = kind, .wanted = wanted, .batch = batch};
    if (!wanted.only.empty()) {
      const auto first = to_place(*std::min_element(wanted.only.begin(), wanted.only.end()));
      if (first) gathering.after = first->id.before();
    }
    const bool fresh = wanted.since != INT64_MIN;
    if (Status gathered = fresh ? gather_fresh(gathering) : gather(gathering); !gathered) return gathered;
    return save_acks(*found, kind, gathering.late);
  });
  if (!done) return done.error();
  waiting_.at(slot(kind)) = static_cast<double>(streams_.size(kind).records);
  return batch;
}

std::size_t RedisBuffer::page(Kind kind, std::uint64_t records) const {
  if (one_at_a_time_) return 1;
  const RedisSums::Size size = streams_.size(kind);
  if (size.blocks == 0) return page_unknown;
  const std::uint64_t for_records = records / std::max<std::uint64_t>(1, size.records / size.blocks) + 1;
  const std::uint64_t for_bytes = page_bytes / std::max<std::uint64_t>(1, size.bytes / size.blocks);
  return std::clamp<std::size_t>(size_from(std::min(for_records, for_bytes)), 1, page_max);
}

// Of those that nobody was given yet, or of those that we were given before.
RedisStreams::Entries RedisBuffer::next_entries(Gathering& to, bool fresh, std::size_t count) {
  if (fresh) return streams_.fresh(to.kind, to.output.name, count);
  RedisStreams::Entries entries = streams_.history(to.kind, to.output.name, to.after, count);
  if (entries && !entries->empty()) to.given = entries->back().id;
  return entries;
}

Status RedisBuffer::gather(Gathering& to) {
  bool fresh = false;
  while (!to.full()) {
    const std::size_t count =
        page(to.kind, to.wanted.records - std::min<std::uint64_t>(to.records, to.wanted.records));
    RedisStreams::Entries entries = next_entries(to, fresh, count);
    if (!entries && entries.error().kind == ErrorKind::drop) {
      if (Status mended = mend_oversized(to); !mended) return mended;
      fresh = false;  // they are ours now
      continue;
    }
    if (!entries) return entries.error();
    const bool last = entries->size() < count;
    if (Status taken = take(to, std::move(*entries)); !taken) return taken;
    if (last && fresh) one_at_a_time_ = false;
    if (last && (fresh || to.given_only())) break;
    fresh = fresh || last;
  }
  return Ok{};
}

// A group gives entries in their order only. So those at the end of the stream that nobody was given yet are
// claimed by force: then they are ours like any that were given, and no other consumer can claim them. The
// group comes to them later all the same, unless they are deleted by then, and the ack of the only output
// does that: with several outputs there is no way past the backlog. Nor is there past what waits for an
// absent one.
Status RedisBuffer::gather_fresh(Gathering& to) {
  if (outputs_.size() != 1) return Ok{};
  if (Status given = gather(to); !given || !to.batch.blocks.empty()) return given;
  const Result<std::vector<StreamId>> ids = find_fresh(to);
  if (!ids) return ids.error();
  if (ids->empty()) return Ok{};
  if (Status ours = streams_.claim(to.kind, to.output.name, *ids, sharing_.gone); !ours) return ours;
  to.after = {};
  return gather(to);
}

// Behind what the group has given and what others may wait for, from the end of the stream on to one that is
// not fresh. The oldest of them.
Result<std::vector<StreamId>> RedisBuffer::find_fresh(const Gathering& to) {
  const auto groups = streams_.groups(to.kind);
  if (!groups) return groups.error();
  const auto group = std::find_if(groups->begin(), groups->end(),
                                  [&to](const auto& one) { return one.name == to.output.name; });
  if (group == groups->end()) return Error{ErrorKind::absent, "redis: a group of ours is gone"};
  StreamId backlog = group->delivered;
  for (const RedisStreams::Group& other : *groups) {
    if (const auto mark = absent_mark(other.name, to.kind))
      backlog = std::max({backlog, *mark, other.delivered});
  }
  std::vector<Fresh> found;
  StreamId before = last_stream_id;
  for (int pages = 0; pages < fresh_pages_max; ++pages) {
    const std::size_t count = page(to.kind, to.wanted.records);
    const RedisStreams::Entries entries = streams_.range_back(to.kind, before, count);
    if (!entries && entries.error().kind == ErrorKind::drop) break;
    if (!entries) return entries.error();
    const auto end = std::find_if(entries->begin(), entries->end(), [&](const RedisEntry& entry) {
      const auto shift = date(to.kind, entry.block.newest, stamp_of_block(entry.block.bytes)).shift;
      return entry.id <= backlog || (entry.problem.empty() && entry.block.newest + shift < to.wanted.since);
    });
    to.note_fresh({entries->begin(), end}, found);
    if (end != entries->end() || entries->size() < count) break;
    before = entries->back().id.before();
  }
  return oldest_of(found, to.wanted.records);
}

Status RedisBuffer::take(Gathering& to, std::vector<RedisEntry> entries) {
  std::vector<Removal> gone;
  std::vector<Removal> expired;
  std::vector<Removal> undated;
  for (RedisEntry& entry : entries) {
    const Removal removal = {entry.id, entry.sized, entry.block.records, entry.block.bytes.size()};
    const BlockId id = entry.block.id;
    const Timeline::Date date = this->date(to.kind, entry.block.newest, stamp_of_block(entry.block.bytes));
    const bool acked = to.output.acked.contains(id);
    const bool held = date.verdict == Timeline::Verdict::held && !to.wanted.held && !acked;
    entry.block.shift = date.shift;
    if (entry.gone) {
      gone.push_back(removal);
    } else if (!entry.problem.empty()) {
      if (Status dropped = drop_damaged(to.kind, entry); !dropped) return dropped;
    } else if (date.verdict == Timeline::Verdict::old) {
      expired.push_back(removal);
    } else if (date.verdict == Timeline::Verdict::undated) {
      undated.push_back(removal);
    } else if (held || !to.asks_for(entry, date.shift)) {
      // it stays ours, and is looked at again next time
    } else if (acked) {
      to.late.push_back(entry.id);
    } else if (to.add(std::move(entry.block))) {
      known_[id] = removal;
    } else {
      break;
    }
    to.after = entry.id;
  }
  while (known_.size() > known_max) known_.erase(known_.begin());
  if (const auto done = drop(to.kind, gone); !done) return done.error();
  return drop_expired(to.kind, expired, undated);
}

// A reply was larger than any may be: the entries are asked for one by one, and one that is still too large
// alone can never be read.
Status RedisBuffer::mend_oversized(const Gathering& to) {
  if (!std::exchange(one_at_a_time_, true)) return Ok{};
  const auto id = streams_.pending(to.kind, to.output.name, to.after.next(), true);
  if (!id) return id.error();
  if (!*id && !to.batch.blocks.empty()) {  // fresh ones that were claimed hide it: when they are through
    to.batch.more = true;
    return Ok{};
  }
  if (!*id) return Error{ErrorKind::retry, "redis: a reply that is too large"};
  const Removal removal = {**id, false, 0, 0};
  if (const auto done = drop(to.kind, {&removal, 1}); !done) return done.error();
  counters_.dropped_damaged.add();
  log::warn("buffer", "block_oversized",
            {{"entry", (*id)->text()}, {"stream", std::string(kind_name(to.kind))}});
  return Ok{};
}

Status RedisBuffer::drop_damaged(Kind kind, const RedisEntry& entry) {
  const Result<bool> removed = streams_.remove_damaged(kind, entry, names_);
  if (!removed) return removed.error();
  if (const auto& head = heads_.at(slot(kind)); head && head->id == entry.id) {
    if (Status learnt = learn_head(kind); !learnt) return learnt;
  }
  if (!*removed) return Ok{};
  counters_.dropped_damaged.add(entry.sized ? entry.block.records : 1);
  log::warn("buffer", "block_damaged", {{"error", entry.problem}, {"block", entry.id.text()}});
  return Ok{};
}

Result<double> RedisBuffer::drop(Kind kind, std::span<const Removal> removals) {
  if (removals.empty()) return 0.0;
  const Result<std::vector<bool>> removed = streams_.remove(kind, removals, names_);
  if (!removed) return removed.error();
  const auto& head = heads_.at(slot(kind));
  bool head_gone = false;
  double records = 0;
  for (std::size_t i = 0; i < removals.size(); ++i) {
    if ((*removed)[i]) records += static_cast<double>(removals[i].records);
    known_.erase(to_block_id(removals[i].id, kind));
    head_gone = head_gone || (head && head->id == removals[i].id);
  }
  waiting_.at(slot(kind)) -= records;
  if (head_gone) {
    if (Status learnt = learn_head(kind); !learnt) return learnt.error();
  }
  return records;
}

Status RedisBuffer::save_acks(Output& output) {
  std::array<std::vector<StreamId>, kind_slots> ids;
  for (const BlockId id : output.acked) {
    if (const auto place = to_place(id)) ids.at(static_cast<std::size_t>(place->kind)).push_back(place->id);
  }
  for (const Kind kind : kinds) {
    if (Status saved = save_acks(output, kind, ids.at(slot(kind))); !saved) return saved;
  }
  return Ok{};
}

Status RedisBuffer::save_acks(Output& output, Kind kind, std::span<const StreamId> ids) {
  while (!ids.empty()) {
    const auto some = ids.first(std::min(ids.size(), acks_at_once));
    ids = ids.subspan(some.size());
    std::vector<StreamId> all(some.begin(), some.end());
    if (names_.size() > 1) {
      auto done = done_by_all(output, kind, some);
      if (!done) return done.error();
      all = std::move(*done);
    }
    std::vector<Removal> removals;
    for (const StreamId id : all) {
      const Result<Removal> removal = removal_of(kind, id);
      if (!removal) return removal.error();
      removals.push_back(*removal);
    }
    if (const auto dropped = drop(kind, removals); !dropped) return dropped.error();
    for (const StreamId id : all) output.acked.erase(to_block_id(id, kind));
  }
  return Ok{};
}

// Acks them, and tells which of them nobody waits for any more. Those stay in `acked` that the group has not
// given yet, so that the output is not given them again: it acked another copy, or claimed them as fresh.
Result<std::vector<StreamId>> RedisBuffer::done_by_all(Output& output, Kind kind,
                                                       std::span<const StreamId> ids) {
  std::vector<std::string> others;
  std::copy_if(names_.begin(), names_.end(), std::back_inserter(others),
               [&output](const std::string& name) { return name != output.name; });
  const Result<RedisStreams::Acked> acked = streams_.ack(kind, output.name, ids, others);
  if (!acked) return acked.error();
  const auto group = [&acked](const std::string& name) {
    return std::find_if(acked->groups.begin(), acked->groups.end(),
                        [&name](const RedisStreams::Group& one) { return one.name == name; });
  };
  const auto none = acked->groups.end();
  const auto own = group(output.name);
  if (own == none) return Error{ErrorKind::absent, "redis: the group of " + output.name + " is gone"};
  const auto waited_for = [&](std::size_t i) {
    for (std::size_t other = 0; other < others.size(); ++other) {
      const auto of_other = group(others[other]);
      const bool given = of_other != none && ids[i] <= of_other->delivered;
      if (given ? acked->waits[other][i] : waits_for_it(others[other], kind, ids[i], of_other != none))
        return true;
    }
    return false;
  };
  std::vector<StreamId> done;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const BlockId id = to_block_id(ids[i], kind);
    if (!waited_for(i)) {
      done.push_back(ids[i]);
      continue;
    }
    Result<Removal> to_come = Removal{ids[i], false, 0, 0};  // of one that the group has given, nothing is
    if (ids[i] > own->delivered) to_come = removal_of(kind, ids[i]);
    if (!to_come) return to_come.error();
    if (!to_come->sized) output.acked.erase(id);
  }
  return done;
}

// Does an output wait for an entry that it was not given yet?
bool RedisBuffer::waits_for_it(const std::string& output, Kind kind, StreamId id, bool has_group) {
  if (const Output* const present = find(output); present != nullptr)
    return !present->acked.contains(to_block_id(id, kind));
  return has_group && !beyond_absent(output, kind, id);
}

// Did the entry come when the output was not configured any more?
bool RedisBuffer::beyond_absent(const std::string& output, Kind kind, StreamId id) const {
  const auto mark = absent_mark(output, kind);
  return mark && id > *mark;
}

// The youngest entry that was there when the output was missed; nothing for one that is not absent.
std::optional<StreamId> RedisBuffer::absent_mark(const std::string& output, Kind kind) const {
  const auto name =
      std::find(names_.begin() + static_cast<std::ptrdiff_t>(outputs_.size()), names_.end(), output);
  if (name == names_.end()) return std::nullopt;
  const auto index = static_cast<std::size_t>(name - names_.begin()) - outputs_.size();
  return absent_[index].at(slot(kind)).value_or(StreamId{});
}

// Its size, if it is there.
Result<RedisStreams::Removal> RedisBuffer::removal_of(Kind kind, StreamId id) {
  if (const auto known = known_.find(to_block_id(id, kind)); known != known_.end()) return known->second;
  const RedisStreams::Entries entries = streams_.range(kind, id, 1);
  if (!entries) return entries.error();
  if (entries->empty() || entries->front().id != id) return Removal{id, false, 0, 0};
  const RedisEntry& entry = entries->front();
  return Removal{id, entry.sized, entry.block.records, entry.block.bytes.size()};
}

}  // namespace scops
