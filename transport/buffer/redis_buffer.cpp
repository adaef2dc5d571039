#include "transport/buffer/redis_buffer.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/io/block_codec.hpp"
#include "core/runtime/log.hpp"
#include "transport/buffer/queue.hpp"

namespace scops {

namespace {

constexpr std::size_t acks_max = 4096;  // that Redis does not know: older ones may be sent again

}  // namespace

RedisBuffer::RedisBuffer(const RedisTarget& target, RedisSharing sharing, std::vector<std::string> outputs,
                         Retention retention, const Clock& clock, BufferCounters counters)
    : sharing_(std::move(sharing)),
      retention_(retention),
      clock_(clock),
      counters_(counters),
      streams_(target, sharing_.name, sharing_.consumer, clock),
      names_(std::move(outputs)),
      looked_(std::numeric_limits<std::int64_t>::min()) {
  for (const std::string& name : names_) outputs_.push_back({name, {}});
}

Status RedisBuffer::open() {
  const std::scoped_lock lock(mutex_);
  return attempt([&]() -> Status {
    for (const Kind kind : kinds) {
      if (Status learnt = learn_head(kind); !learnt) return learnt;
    }
    return Ok{};
  });
}

// Does it; when the connection has ended, or the keys are not as we left them (a Redis that came back empty,
// somebody else's key), looks at what is there, puts that right and does it once more.
Status RedisBuffer::attempt(const std::function<Status()>& action) {
  Status result = prepare();
  if (result) result = action();
  if (!result && result.error().kind == ErrorKind::absent) {
    prepared_ = 0;
    result = prepare();
    if (result) result = action();
  }
  if (!result) prepared_ = 0;
  publish(result);
  if (!result && result.error().kind != ErrorKind::bug) return Error{ErrorKind::retry, result.error().text};
  return result;
}

void RedisBuffer::publish(const Status& last) {
  BufferStats stats;
  StreamId oldest;
  for (const Kind kind : kinds) {
    const RedisSums::Size size = streams_.size(kind);
    stats.blocks += size.blocks;
    stats.records += size.records;
    if (kind == Kind::metrics) stats.metrics = size.records;
    stats.bytes += size.bytes;
    const auto& head = heads_.at(slot(kind));
    if (size.blocks == 0 || !head || (stats.oldest != 0 && oldest < head->id)) continue;
    oldest = head->id;
    stats.oldest = head->newest + date(kind, head->newest, head->stamp).shift;
  }
  stats.durable = last.has_value();
  if (!last) stats.trouble = last.error().text;
  const std::scoped_lock lock(stats_mutex_);
  stats_ = std::move(stats);
}

Timeline::Date RedisBuffer::date(Kind kind, TimeMs newest, const Stamp& stamp) const {
  return retention_.date(retention_.now(now_), kind, newest, stamp);
}

BufferStats RedisBuffer::stats() const {
  const std::scoped_lock lock(stats_mutex_);
  return stats_;
}

RedisBuffer::Output* RedisBuffer::find(std::string_view output) {
  const auto found = std::find_if(outputs_.begin(), outputs_.end(),
                                  [output](const Output& one) { return one.name == output; });
  return found == outputs_.end() ? nullptr : &*found;
}

// Of a batch that is larger than everything allowed, only the end is stored.
std::span<const Block* const> RedisBuffer::fitting(std::span<const Block* const> blocks) const {
  std::uint64_t bytes = 0;
  std::size_t first = blocks.size();
  for (; first > 0; --first) {
    bytes += blocks[first - 1]->bytes.size();
    if (bytes > retention_.bytes_max) break;
  }
  return blocks.subspan(first);
}

namespace {

double records_of(std::span<const Block* const> blocks) {
  double records = 0;
  for (const Block* block : blocks) records += block->records;
  return records;
}

}  // namespace

Result<std::vector<BlockId>> RedisBuffer::put_all(std::span<const Block* const> blocks) {
  const std::scoped_lock lock(mutex_);
  const auto stored = fitting(blocks);
  const std::size_t skipped = blocks.size() - stored.size();
  std::vector<BlockId> ids(skipped);
  const Status done = attempt([&]() -> Status {
    if (stored.empty()) return Ok{};
    const Result<RedisStreams::Added> added = add(stored, nullptr);
    if (!added) return added.error();
    if (!*added) return Error{ErrorKind::retry, streams_.refusal()};
    for (std::size_t i = 0; i < stored.size(); ++i) ids.push_back(to_block_id((**added)[i], stored[i]->kind));
    return Ok{};
  });
  if (!done) return done.error();
  counters_.dropped_bytes.add(records_of(blocks.first(skipped)));
  return ids;
}

Result<bool> RedisBuffer::put_together(std::span<const Block> blocks, const RedisCommands& commands) {
  const std::scoped_lock lock(mutex_);
  std::vector<const Block*> all;
  for (const Block& block : blocks) all.push_back(&block);
  const auto stored = fitting(all);
  bool together = false;
  const Status done = attempt([&]() -> Status {
    const Result<RedisStreams::Added> added = add(stored, &commands);
    together = added && *added;
    if (added) return Ok{};
    // The commands were run, the blocks are not there: the caller puts them on their own. Unless it was only
    // the connection that had ended.
    const bool same = prepared_ == streams_.client().connection();
    if (added.error().kind != ErrorKind::absent || !same) return added.error();
    prepared_ = 0;
    return Ok{};
  });
  if (!done) return done.error();
  if (together) counters_.dropped_bytes.add(records_of(std::span(all).first(all.size() - stored.size())));
  return together;
}

// Finds room for the blocks and puts them there. After an error of the link they may be there all the same.
Result<RedisStreams::Added> RedisBuffer::add(std::span<const Block* const> blocks,
                                             const RedisCommands* together) {
  std::uint64_t bytes = 0;
  for (const Block* block : blocks) bytes += block->bytes.size();
  if (Status room = make_room(bytes); !room) return room.error();
  Result<RedisStreams::Added> added = streams_.add(blocks, together);
  if (!added) {
    // What `together` removes tells its maker what became of it.
    const bool doubtful = streams_.client().outcome_unknown() && together == nullptr;
    for (const Block* block : doubtful ? blocks : std::span<const Block* const>())
      in_doubt_.push_back({block->kind, block->bytes.size(), std::hash<std::string>()(block->bytes)});
    return added;
  }
  if (!*added) return added;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const Kind kind = blocks[i]->kind;
    auto& head = heads_.at(slot(kind));
    if (!head) head = RedisHead{(**added)[i], blocks[i]->newest, stamp_of_block(blocks[i]->bytes)};
    last_put_.at(slot(kind)) = (**added)[i];
    waiting_.at(slot(kind)) += blocks[i]->records;
  }
  return added;
}

Status RedisBuffer::ack(std::string_view output, std::span<const BlockId> ids) {
  const std::scoped_lock lock(mutex_);
  Output* const found = find(output);
  if (found == nullptr) return unknown_output(output);
  for (const BlockId id : ids) {
    if (to_place(id)) found->acked.insert(id);
  }
  while (found->acked.size() > acks_max) found->acked.erase(found->acked.begin());
  if (found->acked.empty()) return Ok{};
  return attempt([&] { return save_acks(*found); });
}

Status RedisBuffer::maintain(TimeMs now) {
  const std::scoped_lock lock(mutex_);
  now_ = now;
  return attempt([&]() -> Status {
    if (Status known = streams_.refresh(); !known) return known;
    if (outputs_.empty()) return Ok{};
    if (Status settled = settle(); !settled) return settled;
    return tidy_up();
  });
}

// What was left undone because Redis did not answer.
Status RedisBuffer::settle() {
  if (Status paid = streams_.pay(); !paid) return paid;
  for (Output& output : outputs_) {
    if (Status saved = save_acks(output); !saved) return saved;
  }
  return Ok{};
}

Status RedisBuffer::tidy_up() {
  const bool look = looked_ + sharing_.every.count() <= clock_.boot();
  for (const Kind kind : kinds) {
    if (Status done = look ? look_around(kind) : Status(Ok{}); !done) return done;
    if (Status expired = expire(kind); !expired) return expired;
  }
  if (look) looked_ = clock_.boot();
  return Ok{};
}

}  // namespace scops
