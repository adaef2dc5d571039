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
#include "core/runtime/timeline.hpp"

namespace scops {

// What a store keeps at most; beyond that the oldest blocks give way.
struct Retention {
  std::uint64_t bytes_max = 0;
  Duration metric_ttl{};
  Duration log_ttl{};  // logs and events

  const Timeline* timeline = nullptr;  // outlives the store; without one, times are what they say

  // `told` is the wall clock as maintain() was told it; a timeline knows better.
  [[nodiscard]] Timeline::Now now(TimeMs told) const;
  // What to do with a block that is stamped so, and whose youngest record is `newest`.
  [[nodiscard]] Timeline::Date date(const Timeline::Now& now, Kind kind, TimeMs newest,
                                    const Stamp& stamp) const;
};

// Records that were let go.
struct Expired {
  std::uint64_t old = 0;
  std::uint64_t undated = 0;
};

// The room's counters; made once, the Stats outlive it.
struct BufferCounters {
  explicit BufferCounters(Stats& stats);

  Stat& dropped_age;
  Stat& dropped_undated;
  Stat& dropped_bytes;
  Stat& dropped_memory;
  Stat& dropped_damaged;
  Stat& dropped_vanished;  // from a server, by others' hands
  Stat& commits;

  // Counts them, and says what cannot be dated.
  void expired(const Expired& records) const;
};

struct Fetched {
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
  virtual Result<Fetched> fetch(std::string_view output, Kind kind, const Wanted& wanted) = 0;

  Result<BlockId> put(Block block) final {
    const Block* one = &block;
    Result<std::vector<BlockId>> ids = put_all({&one, 1});
    if (!ids) return ids.error();
    return ids->front();
  }
  Result<std::vector<Block>> read(std::string_view output, Kind kind, Wanted wanted) final {
    Result<Fetched> batch = fetch(output, kind, wanted);
    if (!batch) return batch.error();
    return std::move(batch->blocks);
  }
};

}  // namespace scops
