#include "transport/buffer/holding.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/runtime/log.hpp"
#include "core/runtime/memory.hpp"

namespace scops {

namespace {

constexpr std::uint64_t queue_major = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t bytes_a_move = 1U << 20U;  // in one commit: bounds the store's log
constexpr std::uint64_t least_held = 1U << 20U;    // however short memory is
constexpr std::size_t aliases_max = 4096;          // older ones are blocks that nobody has in flight any more

}  // namespace

// Holds the lock for one call; at its end stats() shows what became of it.
class HoldingBuffer::Call {
 public:
  explicit Call(HoldingBuffer& buffer) : buffer_(buffer), lock_(buffer.mutex_) {}
  ~Call() { buffer_.publish(); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  HoldingBuffer& buffer_;
  const std::scoped_lock<std::mutex> lock_;
};

HoldingBuffer::HoldingBuffer(std::unique_ptr<Store> store, std::vector<std::string> outputs,
                             HoldLimits limits, const Clock& clock, BufferCounters counters,
                             std::string absent)
    : limits_(limits),
      clock_(clock),
      counters_(counters),
      store_(std::move(store)),
      queue_(std::move(outputs), queue_major, limits.retention),
      trouble_(std::move(absent)),
      kept_out_(!trouble_.empty()),
      absent_(kept_out_) {
  publish();
}

HoldingBuffer::~HoldingBuffer() { HoldingBuffer::store_held(); }

void HoldingBuffer::store_held() {
  const Call call(*this);
  ending_ = true;
  if (!queue_.empty()) move_all();
  const BufferStats left = queue_.stats();
  if (left.blocks == 0) return;
  counters_.dropped_memory.add(static_cast<double>(left.records));
  if (absent_) return;  // which was said at the start
  log::warn("buffer", "held_blocks_lost",
            {{"error", trouble_},
             {"blocks", std::to_string(left.blocks)},
             {"records", std::to_string(left.records)}});
}

Result<BlockId> HoldingBuffer::put(Block block) {
  const Call call(*this);
  if ((ending_ || limits_.hold.count() == 0) && queue_.empty()) {
    const Block* one = &block;
    const Result<std::vector<BlockId>> ids = store_->put_all({&one, 1});
    if (ids) {
      accepted();
      return ids->front();
    }
    refused(ids.error());
  }
  memory::taking(block.bytes.size());
  const BlockId id = queue_.push(std::move(block), clock_.boot());
  const std::uint64_t most = room();
  if (queue_.stats().bytes > most) {
    if (trouble_.empty()) move_all();
    counters_.dropped_memory.add(static_cast<double>(queue_.drop_oldest(most)));
  }
  return id;
}

// Of the process at its memory cap, half of what is here gives way.
std::uint64_t HoldingBuffer::room() const {
  const std::uint64_t half = std::max(least_held, queue_.stats().bytes / 2);
  return memory::room() == memory::Room::full ? std::min(limits_.memory_max, half) : limits_.memory_max;
}

// The commands wait for this, so it is tried even while the store is in trouble: its error, or its refusal,
// tells the caller what to do. What the caller has is safer where it is than in our memory: an Error leaves
// it there while the store takes nothing, or, of a full Redis, when half of that memory is in use; up to then
// its queues must be able to shrink.
Result<bool> HoldingBuffer::put_together(std::span<const Block> blocks, const RedisCommands& commands) {
  const Call call(*this);
  if (!store_->takes_commands()) {
    // With nothing held, the caller's own put tries the store: one refusal must not keep it away for ever.
    if (trouble_.empty() || queue_.empty()) return false;
    return Error{ErrorKind::retry, "the buffer takes nothing: " + trouble_};
  }
  if (!queue_.empty()) move_all();
  Result<bool> together = store_->put_together(blocks, commands);
  if (together && *together && queue_.empty()) accepted();
  if (together && !*together && queue_.stats().bytes > limits_.memory_max / 2) {
    return Error{ErrorKind::retry, "Redis is full, and so is the memory for what it does not take"};
  }
  return together;
}

Result<std::vector<Block>> HoldingBuffer::read(std::string_view output, Kind kind, Wanted wanted) {
  const Call call(*this);
  if (!wanted.only.empty()) return read_these(output, kind, wanted);
  Places except = places_of(wanted.except);
  wanted.except = std::move(except.stored);
  Result<Fetched> stored = store_->fetch(output, kind, wanted);
  std::vector<Block> blocks;
  if (!stored && queue_.empty()) {
    if (absent_) return blocks;  // nothing waits, as far as anybody knows
    return stored.error();
  }
  if (stored) {
    blocks = std::move(stored->blocks);
    for (Block& block : blocks) block.id = as_handed(output, block.id);
    if (stored->more) return blocks;
  }
  std::uint64_t records = 0;
  for (const Block& block : blocks) records += block.records;
  if (records >= wanted.records && !blocks.empty()) return blocks;
  wanted.records -= static_cast<std::uint32_t>(std::min<std::uint64_t>(records, wanted.records));
  wanted.except = std::move(except.queued);
  Result<Fetched> held = queue_.read(output, kind, wanted, blocks.empty());
  if (!held) return held.error();
  if (!stored && held->blocks.empty()) return stored.error();  // nobody knows whether something waits
  std::move(held->blocks.begin(), held->blocks.end(), std::back_inserter(blocks));
  return blocks;
}

// Each from where it is by now. A part of them would be another batch: all, or the store's error.
Result<std::vector<Block>> HoldingBuffer::read_these(std::string_view output, Kind kind,
                                                     const Wanted& wanted) {
  Places places = places_of(wanted.only);
  const Wanted stored = {.only = std::move(places.stored), .held = wanted.held};
  const Wanted queued = {.only = std::move(places.queued), .held = wanted.held};
  std::vector<Block> blocks;
  if (!stored.only.empty()) {
    Result<Fetched> batch = store_->fetch(output, kind, stored);
    if (!batch) return batch.error();
    blocks = std::move(batch->blocks);
    for (Block& block : blocks) block.id = as_handed(output, block.id);
  }
  if (!queued.only.empty()) {
    Result<Fetched> batch = queue_.read(output, kind, queued);
    if (!batch) return batch.error();
    std::move(batch->blocks.begin(), batch->blocks.end(), std::back_inserter(blocks));
  }
  return blocks;
}

HoldingBuffer::Places HoldingBuffer::places_of(std::span<const BlockId> ids) const {
  Places places;
  for (const BlockId id : ids) {
    const auto alias = id.major == queue_major ? aliases_.find(id.minor) : aliases_.end();
    if (alias != aliases_.end()) {
      places.stored.push_back(alias->second.stored);
    } else {
      (id.major == queue_major ? places.queued : places.stored).push_back(id);
    }
  }
  return places;
}

Status HoldingBuffer::ack(std::string_view output, std::span<const BlockId> ids) {
  const Call call(*this);
  const auto& names = queue_.outputs();
  const auto name = std::find(names.begin(), names.end(), output);
  if (name == names.end()) return unknown_output(output);
  const std::vector<BlockId> stored = resolve(static_cast<std::size_t>(name - names.begin()), ids);
  if (Status acked = queue_.ack(output, ids); !acked) return acked;
  if (stored.empty()) return Ok{};
  return store_->ack(output, stored);
}

// The id under which `output` has seen a block that has moved since: a batch that it is about to send again
// stays the same batch.
BlockId HoldingBuffer::as_handed(std::string_view output, BlockId stored) const {
  const auto& names = queue_.outputs();
  const auto index = static_cast<std::size_t>(std::find(names.begin(), names.end(), output) - names.begin());
  for (const auto& [minor, alias] : aliases_) {
    if (alias.stored == stored && (alias.readers & (1U << index)) != 0) return {queue_major, minor};
  }
  return stored;
}

// Those of the ids that are the store's business, as the store knows them.
std::vector<BlockId> HoldingBuffer::resolve(std::size_t output, std::span<const BlockId> ids) {
  std::vector<BlockId> stored;
  for (const BlockId id : ids) {
    if (id.major != queue_major) {
      stored.push_back(id);
      continue;
    }
    const auto alias = aliases_.find(id.minor);
    if (alias == aliases_.end()) continue;
    stored.push_back(alias->second.stored);
    alias->second.readers &= ~(1U << output);
    if (alias->second.readers == 0) aliases_.erase(alias);
  }
  return stored;
}

Status HoldingBuffer::maintain(TimeMs now) {
  const Call call(*this);
  counters_.expired(queue_.expire(now));
  if (Status kept = store_->maintain(now); !kept) {
    refused(kept.error());
    kept_out_ = true;
    return Ok{};
  }
  if (due()) move_all();
  if (kept_out_) accepted();
  return Ok{};
}

bool HoldingBuffer::due() const {
  const auto oldest = queue_.oldest(0);
  if (oldest.empty()) return false;
  return !trouble_.empty() || clock_.boot() - oldest.front()->since >= limits_.hold.count();
}

void HoldingBuffer::move_all() {
  while (!queue_.empty()) {
    const std::vector<const BlockQueue::Held*> chunk = queue_.oldest(bytes_a_move);
    std::vector<const Block*> blocks;
    blocks.reserve(chunk.size());
    for (const BlockQueue::Held* held : chunk) blocks.push_back(&held->block);
    const Result<std::vector<BlockId>> ids = store_->put_all(blocks);
    if (!ids) {
      refused(ids.error());
      return;
    }
    moved(chunk, *ids);
  }
  accepted();
}

// The outputs that were done with a block stay so. Should we be killed between the two commits, they read it
// again: that is possible with two outputs or more, as a block that all have acked is not moved.
void HoldingBuffer::moved(const std::vector<const BlockQueue::Held*>& chunk,
                          const std::vector<BlockId>& ids) {
  const std::vector<std::string>& outputs = queue_.outputs();
  std::vector<std::vector<BlockId>> done(outputs.size());
  std::vector<std::uint64_t> left;
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    const std::uint64_t id = chunk[i]->block.id.minor;
    const std::uint32_t acked = queue_.acked(id);
    for (std::size_t output = 0; output < outputs.size(); ++output) {
      if ((acked & (1U << output)) != 0) done[output].push_back(ids[i]);
    }
    if (const std::uint32_t readers = chunk[i]->handed & ~acked; readers != 0)
      aliases_[id] = {ids[i], readers};
    left.push_back(id);
  }
  queue_.remove(left);
  while (aliases_.size() > aliases_max) aliases_.erase(aliases_.begin());
  for (std::size_t output = 0; output < outputs.size(); ++output) {
    if (done[output].empty()) continue;
    if (Status acked = store_->ack(outputs[output], done[output]); !acked) refused(acked.error());
  }
}

void HoldingBuffer::refused(const Error& error) {
  if (trouble_.empty()) log::warn("buffer", "store_refuses", {{"error", error.text}});
  trouble_ = error.text;
  kept_out_ = false;
}

void HoldingBuffer::accepted() {
  if (!trouble_.empty()) log::info("buffer", "store_recovered");
  trouble_.clear();
  kept_out_ = false;
  absent_ = false;
}

BufferStats HoldingBuffer::stats() const {
  const std::scoped_lock lock(stats_mutex_);
  return stats_;
}

void HoldingBuffer::publish() {
  const BufferStats stored = store_->stats();
  const BufferStats held = queue_.stats();
  BufferStats sum = {.blocks = stored.blocks + held.blocks,
                     .records = stored.records + held.records,
                     .metrics = stored.metrics + held.metrics,
                     .bytes = stored.bytes + held.bytes,
                     .held = held.blocks,
                     .oldest = stored.blocks != 0 ? stored.oldest : held.oldest,
                     .durable = stored.durable && trouble_.empty(),
                     .trouble = trouble_.empty() || absent_ ? stored.trouble : trouble_};
  const std::scoped_lock lock(stats_mutex_);
  stats_ = std::move(sum);
}

}  // namespace scops
