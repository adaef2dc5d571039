// What the kinds of buffer have in common: limits, counters, and a seam below Buffer for stores that blocks
// are moved to in bulk.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/option.hpp"
#include "core/model/buffer.hpp"
#include "core/runtime/stats.hpp"

namespace scops {

// What a store keeps at most; beyond that the oldest blocks give way.
struct Retention {
  std::uint64_t bytes_max = 0;
  Duration metric_ttl{};
  Duration log_ttl{};  // logs and events

  // A block whose youngest record is older than this is dropped.
  [[nodiscard]] TimeMs oldest(Kind kind, TimeMs now) const {
    return now - (kind == Kind::metrics ? metric_ttl : log_ttl).count();
  }
};

// The room's counters; made once, the Stats outlive it.
struct BufferCounters {
  explicit BufferCounters(Stats& stats);

  Stat& dropped_age;
  Stat& dropped_bytes;
  Stat& dropped_memory;
  Stat& dropped_damaged;
  Stat& dropped_vanished;  // from a server, by others' hands
  Stat& commits;
};

struct Batch {
  std::vector<Block> blocks;
  bool more = false;  // further blocks wait for this output
};

class Store : public Buffer {
 public:
  // Stores all of them, or none. The blocks' own ids are not looked at.
  virtual Result<std::vector<BlockId>> put_all(std::span<const Block* const> blocks) = 0;
  // Is put_together possible here at all?
  [[nodiscard]] virtual bool takes_commands() const { return false; }
  Result<bool> put_together(std::span<const Block> /*blocks*/, const RedisCommands& /*commands*/) override {
    return false;
  }
  // As read().
  virtual Result<Batch> fetch(std::string_view output, Kind kind, std::uint32_t max_records,
                              TimeMs since = INT64_MIN) = 0;

  Result<BlockId> put(Block block) final {
    const Block* one = &block;
    Result<std::vector<BlockId>> ids = put_all({&one, 1});
    if (!ids) return ids.error();
    return ids->front();
  }
  Result<std::vector<Block>> read(std::string_view output, Kind kind, std::uint32_t max_records,
                                  TimeMs since = INT64_MIN) final {
    Result<Batch> batch = fetch(output, kind, max_records, since);
    if (!batch) return batch.error();
    return std::move(batch->blocks);
  }
};

}  // namespace scops
