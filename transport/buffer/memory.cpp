#include "transport/buffer/memory.hpp"

#include <utility>

namespace scops {

MemoryBuffer::MemoryBuffer(std::vector<std::string> outputs, Retention retention, BufferCounters counters)
    : retention_(retention), counters_(counters), queue_(std::move(outputs), 0, retention) {}

Result<std::vector<BlockId>> MemoryBuffer::put_all(std::span<const Block* const> blocks) {
  const std::scoped_lock lock(mutex_);
  std::vector<BlockId> ids;
  for (const Block* block : blocks) ids.push_back(queue_.push(*block, 0));
  counters_.dropped_bytes.add(static_cast<double>(queue_.drop_oldest(retention_.bytes_max)));
  return ids;
}

Result<Fetched> MemoryBuffer::fetch(std::string_view output, Kind kind, const Wanted& wanted) {
  const std::scoped_lock lock(mutex_);
  return queue_.read(output, kind, wanted);
}

Status MemoryBuffer::ack(std::string_view output, std::span<const BlockId> ids) {
  const std::scoped_lock lock(mutex_);
  return queue_.ack(output, ids);
}

Status MemoryBuffer::maintain(TimeMs now) {
  const std::scoped_lock lock(mutex_);
  counters_.expired(queue_.expire(now));
  return Ok{};
}

BufferStats MemoryBuffer::stats() const {
  const std::scoped_lock lock(mutex_);
  BufferStats stats = queue_.stats();
  stats.held = stats.blocks;
  stats.durable = false;
  return stats;
}

}  // namespace scops
