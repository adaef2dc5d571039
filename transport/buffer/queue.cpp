#include "transport/buffer/queue.hpp"

#include <utility>

#include "core/io/block_codec.hpp"

namespace scops {

Error unknown_output(std::string_view name) {
  return {ErrorKind::bug, "buffer: no output named " + std::string(name)};
}

BlockQueue::BlockQueue(std::vector<std::string> outputs, std::uint64_t major, const Retention& retention)
    : major_(major), ledger_(std::move(outputs), retention) {}

BlockId BlockQueue::push(Block block, std::int64_t since) {
  const std::uint64_t id = ledger_.next_id();
  block.id = {major_, id};
  ledger_.add({.id = id,
               .newest = block.newest,
               .records = block.records,
               .size = static_cast<std::uint32_t>(block.bytes.size()),
               .kind = block.kind,
               .stamp = stamp_of_block(block.bytes)});
  return blocks_.emplace(id, Held{std::move(block), since}).first->second.block.id;
}

Result<Fetched> BlockQueue::read(std::string_view output, Kind kind, const Wanted& wanted,
                                 bool at_least_one) {
  const auto index = ledger_.output(output);
  if (!index) return unknown_output(output);
  const Ledger::Next next = ledger_.next(*index, kind, wanted, at_least_one);
  Fetched batch;
  batch.more = next.more;
  for (const std::uint64_t id : next.ids) {
    Held& held = blocks_.at(id);
    held.handed |= 1U << *index;
    batch.blocks.push_back(held.block);
    batch.blocks.back().shift = ledger_.shift(*ledger_.find(id));
  }
  return batch;
}

Status BlockQueue::ack(std::string_view output, std::span<const BlockId> ids) {
  const auto index = ledger_.output(output);
  if (!index) return unknown_output(output);
  for (const BlockId id : ids) {
    if (id.major == major_) (void)ledger_.ack(*index, id.minor);
  }
  sweep();
  return Ok{};
}

Expired BlockQueue::expire(TimeMs now) {
  const Expired records = ledger_.expire(now);
  sweep();
  return records;
}

std::uint64_t BlockQueue::drop_oldest(std::uint64_t bytes_max) {
  std::uint64_t records = 0;
  for (const std::uint64_t id : ledger_.in_the_way(0, bytes_max)) records += ledger_.retire(id);
  sweep();
  return records;
}

std::vector<const BlockQueue::Held*> BlockQueue::oldest(std::uint64_t bytes_max) const {
  std::vector<const Held*> result;
  std::uint64_t bytes = 0;
  for (const auto& [id, held] : blocks_) {
    bytes += held.block.bytes.size();
    if (bytes > bytes_max && !result.empty()) break;
    result.push_back(&held);
  }
  return result;
}

void BlockQueue::remove(std::span<const std::uint64_t> ids) {
  for (const std::uint64_t id : ids) (void)ledger_.retire(id);
  sweep();
}

std::uint32_t BlockQueue::acked(std::uint64_t id) const {
  const Entry* entry = ledger_.find(id);
  return entry == nullptr ? 0 : entry->acked;
}

void BlockQueue::sweep() {
  for (const std::uint64_t id : ledger_.gone()) blocks_.erase(id);
  ledger_.sweep();
}

}  // namespace scops
