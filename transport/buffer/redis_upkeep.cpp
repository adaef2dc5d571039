// The buffer in a Redis when it is found, when it grows too large or too old, and when others share it.

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/io/block_codec.hpp"
#include "core/runtime/log.hpp"
#include "transport/buffer/ledger.hpp"
#include "transport/buffer/redis_buffer.hpp"

namespace scops {

namespace {

constexpr std::size_t look_max = 16;                    // entries that are looked at together
constexpr int pages_max = 64;                           // of them in one call: the next one goes on
constexpr std::size_t undo_max = 4096;                  // entries that are looked through for a put in doubt
constexpr std::uint64_t undo_slack = 1000;              // milliseconds: the ids' clock may lag behind TIME
constexpr std::size_t claims_max = 64;                  // rounds of claims in one maintain()
constexpr std::int64_t forget_ms = 24LL * 3600 * 1000;  // a consumer that holds nothing

RedisStreams::Removal to_removal(const RedisEntry& entry) {
  return {entry.id, entry.sized, entry.block.records, entry.block.bytes.size()};
}

}  // namespace

// The next entries, `count` at most, which becomes less where they are large. None where one alone is larger
// than a reply may be: the output that comes to it discards it.
RedisStreams::Entries RedisBuffer::look(Kind kind, StreamId from, std::size_t& count) {
  count = std::min(count, page(kind, UINT32_MAX));
  for (;; count = 1) {
    RedisStreams::Entries entries = streams_.range(kind, from, count);
    if (entries || entries.error().kind != ErrorKind::drop) return entries;
    if (count == 1) return std::vector<RedisEntry>();
  }
}

Status RedisBuffer::prepare() {
  if (prepared_ != 0 && prepared_ == streams_.client().connection()) return Ok{};
  if (Status known = streams_.refresh(); !known) return known;
  const std::uint64_t connection = streams_.client().connection();
  if (Status done = outputs_.empty() ? Status(Ok{}) : prepare_streams(); !done) return done;
  prepared_ = connection;
  return Ok{};
}

Status RedisBuffer::prepare_streams() {
  if (Status owned = streams_.own_keys(); !owned) return owned;
  if (undo_from_ == StreamId{}) {
    const Result<std::uint64_t> time = streams_.server_time();
    if (!time) return time.error();
    undo_from_ = {*time - std::min(*time, undo_slack), 0};
  }
  for (const Kind kind : kinds) {
    const Result<bool> had_groups = make_groups(kind);
    if (!had_groups) return had_groups.error();
    const Result<bool> fell_back = has_fallen_back(kind);
    if (!fell_back) return fell_back.error();
    if (!*had_groups || *fell_back) say_vanished(kind);
    if (Status undone = undo(kind); !undone) return undone;
  }
  in_doubt_.clear();
  return streams_.pay();
}

// A group for each output; and what groups there are besides. They may belong to an output that somebody
// has switched off for a while, or that is not set in the shell where somebody has a look.
// False: not even one of ours was there.
Result<bool> RedisBuffer::make_groups(Kind kind) {
  const auto groups = streams_.groups(kind);
  if (!groups) return groups.error();
  const auto exists = [&groups](const std::string& name) {
    return std::any_of(groups->begin(), groups->end(),
                       [&name](const RedisStreams::Group& group) { return group.name == name; });
  };
  bool had_one = false;
  for (const Output& output : outputs_) {
    had_one = had_one || exists(output.name);
    if (exists(output.name)) continue;
    if (Status made = streams_.make_group(kind, output.name); !made) return made.error();
  }
  for (const RedisStreams::Group& group : *groups) {
    const auto name = std::find(names_.begin(), names_.end(), group.name);
    if (name != names_.end() || names_.size() == outputs_max) continue;
    names_.push_back(group.name);
    absent_.emplace_back();
  }
  for (RedisAbsent& absent : absent_) {
    auto& last = absent.at(slot(kind));
    if (last) continue;
    const Result<StreamId> last_id = streams_.last_id(kind);
    if (!last_id && last_id.error().kind != ErrorKind::drop) return last_id.error();
    last = last_id ? *last_id : StreamId{};
  }
  return had_one;
}

// Has it never seen what we put last? Then it is an older copy: a replica that was behind, a file of before.
Result<bool> RedisBuffer::has_fallen_back(Kind kind) {
  StreamId& put = last_put_.at(slot(kind));
  if (put == StreamId{}) return false;
  const Result<StreamId> last = streams_.last_id(kind);
  if (!last && last.error().kind != ErrorKind::drop) return last.error();
  if (last.value_or(StreamId{}) >= put) return false;
  put = last.value_or(StreamId{});
  undo_from_ = std::min(undo_from_, put);
  return true;
}

// Without its groups a stream is not the one that we left either: the Redis came back empty, somebody has
// deleted it, or Redis has, to make room.
void RedisBuffer::say_vanished(Kind kind) {
  const double left = static_cast<double>(streams_.size(kind).records);
  const double records = std::exchange(waiting_.at(slot(kind)), left) - left;
  if (records <= 0) return;
  counters_.dropped_vanished.add(records);
  log::warn("buffer", "blocks_vanished",
            {{"kind", std::string(kind_name(kind))}, {"records", fmt::format("{:.0f}", records)}});
}

// Takes back the blocks whose put has failed as far as the caller knows. They can only be behind the last one
// that is known to have been put, so an equal block of before is safe.
Status RedisBuffer::undo(Kind kind) {
  std::vector<RedisInDoubt> wanted;
  std::copy_if(in_doubt_.begin(), in_doubt_.end(), std::back_inserter(wanted),
               [kind](const RedisInDoubt& block) { return block.kind == kind; });
  std::vector<Removal> found;
  StreamId from = std::max(last_put_.at(slot(kind)), undo_from_).next();
  std::size_t seen = 0;
  std::size_t count = look_max;
  while (!wanted.empty() && seen < undo_max) {
    const RedisStreams::Entries entries = look(kind, from, count);
    if (!entries) return entries.error();
    for (const RedisEntry& entry : *entries) {
      from = entry.id.next();
      const std::string& bytes = entry.block.bytes;
      const auto match = std::find_if(wanted.begin(), wanted.end(), [&bytes](const RedisInDoubt& block) {
        return block.size == bytes.size() && block.hash == std::hash<std::string>()(bytes);
      });
      if (match == wanted.end()) continue;
      wanted.erase(match);
      found.push_back(to_removal(entry));
    }
    seen += entries->size();
    if (entries->size() < count) break;
  }
  if (const auto dropped = drop(kind, found); !dropped) return dropped.error();
  return Ok{};
}

// The oldest end of a stream, as make_room() eats its way into it.
struct RedisBuffer::Front {
  Kind kind = Kind::metrics;
  std::vector<RedisEntry> entries;
  std::size_t next = 0;
  StreamId from;
  bool last = false;
  std::vector<Removal> out;
  std::size_t count = look_max;

  [[nodiscard]] const RedisEntry* first() const { return next < entries.size() ? &entries[next] : nullptr; }
};

Status RedisBuffer::refill(Front& front) {
  if (front.first() != nullptr || front.last) return Ok{};
  RedisStreams::Entries entries = look(front.kind, front.from, front.count);
  if (!entries) return entries.error();
  front.last = entries->size() < front.count;
  front.entries = std::move(*entries);
  front.next = 0;
  return Ok{};
}

// The oldest blocks over all kinds give way.
Status RedisBuffer::make_room(std::uint64_t incoming) {
  std::uint64_t total = incoming;
  std::vector<Front> fronts;
  for (const Kind kind : kinds) {
    total += streams_.size(kind).bytes;
    fronts.push_back({kind, {}, 0, {}, streams_.size(kind).blocks == 0, {}});
  }
  while (total > retention_.bytes_max) {
    for (Front& front : fronts) {
      if (Status filled = refill(front); !filled) return filled;
    }
    const auto oldest =
        std::min_element(fronts.begin(), fronts.end(), [](const Front& one, const Front& other) {
          return one.first() != nullptr && (other.first() == nullptr || one.first()->id < other.first()->id);
        });
    if (oldest->first() == nullptr) break;
    const RedisEntry& entry = oldest->entries[oldest->next++];
    oldest->from = entry.id.next();
    oldest->out.push_back(to_removal(entry));
    if (entry.sized) total -= std::min<std::uint64_t>(total, entry.block.bytes.size());
  }
  for (const Front& front : fronts) {
    const Result<double> records = drop(front.kind, front.out);
    if (!records) return records.error();
    counters_.dropped_bytes.add(*records);
  }
  return Ok{};
}

Status RedisBuffer::learn_head(Kind kind) {
  auto& head = heads_.at(slot(kind));
  head.reset();
  if (streams_.size(kind).blocks == 0) return Ok{};
  const RedisStreams::Entries entries = streams_.range(kind, {}, 1);
  // One that is too large to be read is discarded by the output that comes to it.
  if (!entries) return entries.error().kind == ErrorKind::drop ? Status(Ok{}) : Status(entries.error());
  if (!entries->empty()) {
    const Block& block = entries->front().block;
    head = RedisHead{entries->front().id, block.newest, stamp_of_block(block.bytes)};
  }
  return Ok{};
}

// Blocks are dropped from the front: the first that is young enough ends it.
Status RedisBuffer::expire(Kind kind) {
  const auto& head = heads_.at(slot(kind));
  if (!head) {
    if (Status learnt = learn_head(kind); !learnt) return learnt;
  }
  const auto stays = [this, kind](const RedisHead& one) {
    const Timeline::Verdict verdict = date(kind, one.newest, one.stamp).verdict;
    return verdict == Timeline::Verdict::ready || verdict == Timeline::Verdict::held;
  };
  std::size_t count = look_max;
  for (int page = 0; page < pages_max && head && !stays(*head); ++page) {
    const Result<bool> more = expire_page(kind, count);
    if (!more) return more.error();
    if (Status learnt = learn_head(kind); !learnt) return learnt;
    if (!*more) break;
  }
  return Ok{};
}

// False: what comes behind it is young enough.
Result<bool> RedisBuffer::expire_page(Kind kind, std::size_t& count) {
  const RedisStreams::Entries entries = look(kind, {}, count);
  if (!entries) return entries.error();
  std::vector<Removal> expired;
  std::vector<Removal> undated;
  bool more = entries->size() == count;
  for (const RedisEntry& entry : *entries) {
    const Timeline::Verdict verdict =
        date(kind, entry.block.newest, stamp_of_block(entry.block.bytes)).verdict;
    if (!entry.problem.empty()) {
      if (Status dropped = drop_damaged(kind, entry); !dropped) return dropped.error();
    } else if (verdict == Timeline::Verdict::old) {
      expired.push_back(to_removal(entry));
    } else if (verdict == Timeline::Verdict::undated) {
      undated.push_back(to_removal(entry));
    } else {
      more = false;
      break;
    }
  }
  if (Status dropped = drop_expired(kind, expired, undated); !dropped) return dropped.error();
  return more;
}

Status RedisBuffer::drop_expired(Kind kind, std::span<const Removal> old, std::span<const Removal> undated) {
  const Result<double> aged = drop(kind, old);
  if (!aged) return aged.error();
  const Result<double> lost = drop(kind, undated);
  if (!lost) return lost.error();
  counters_.expired({static_cast<std::uint64_t>(*aged), static_cast<std::uint64_t>(*lost)});
  return Ok{};
}

Status RedisBuffer::look_around(Kind kind) {
  if (Status learnt = learn_head(kind); !learnt) return learnt;
  if (Status swept = sweep(kind); !swept) return swept;
  for (const Output& output : outputs_) {
    if (Status taken = take_over(kind, output.name); !taken) return taken;
  }
  return Ok{};
}

// The entry from which on somebody may wait; nothing where that cannot be told.
Result<std::optional<StreamId>> RedisBuffer::first_waited_for(Kind kind) {
  const auto groups = streams_.groups(kind);
  if (!groups) return groups.error();
  StreamId first = {std::numeric_limits<std::uint64_t>::max(), 0};
  for (const std::string& name : names_) {
    const auto group = std::find_if(groups->begin(), groups->end(),
                                    [&name](const RedisStreams::Group& one) { return one.name == name; });
    if (group == groups->end() && find(name) == nullptr) continue;
    if (group == groups->end()) return std::optional<StreamId>();
    const auto pending = streams_.pending(kind, name, {}, false);
    if (!pending) return pending.error();
    // What is pending may lie beyond what was given: fresh ones are claimed.
    const StreamId next = group->delivered.next();
    const StreamId low = std::min(pending->value_or(next), next);
    if (!beyond_absent(name, kind, low)) first = std::min(first, low);
  }
  return std::optional(first);
}

// Removes what everybody has acked but nobody has deleted: somebody ended between the two.
Status RedisBuffer::sweep(Kind kind) {
  const auto floor = first_waited_for(kind);
  if (!floor) return floor.error();
  if (!*floor) return Ok{};
  const auto& head = heads_.at(slot(kind));
  std::size_t count = look_max;
  for (int page = 0; page < pages_max && head && head->id < **floor; ++page) {
    const RedisStreams::Entries entries = look(kind, {}, count);
    if (!entries) return entries.error();
    std::vector<Removal> done;
    for (const RedisEntry& entry : *entries) {
      if (entry.id < **floor) done.push_back(to_removal(entry));
    }
    if (const auto dropped = drop(kind, done); !dropped) return dropped.error();
    if (done.size() < count) return learn_head(kind);
  }
  return Ok{};
}

Status RedisBuffer::take_over(Kind kind, const std::string& output) {
  const auto others = streams_.others(kind, output);
  if (!others) return others.error();
  std::size_t rounds = 0;
  for (const RedisStreams::Consumer& consumer : *others) {
    if (consumer.idle < sharing_.gone.count()) continue;
    if (consumer.pending == 0 && consumer.idle >= forget_ms) {
      if (Status done = streams_.forget(kind, output, consumer); !done) return done;
    }
    std::size_t taken = consumer.pending == 0 ? 0 : 1;
    std::size_t sum = 0;
    while (taken != 0 && rounds++ < claims_max) {
      const Result<std::size_t> claimed = streams_.take_over(kind, output, consumer, sharing_.gone);
      if (!claimed) return claimed.error();
      taken = *claimed;
      sum += taken;
    }
    if (sum == 0) continue;
    log::info("buffer", "blocks_taken_over",
              {{"output", output}, {"from", consumer.name}, {"blocks", std::to_string(sum)}});
  }
  return Ok{};
}

}  // namespace scops
