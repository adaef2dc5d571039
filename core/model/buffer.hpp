// The second seam: a durable log of immutable blocks, one cursor an output. tests/contract/ is its law.
// Every function may be called from any thread; none blocks longer than its store's own deadline.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/block.hpp"
#include "core/model/result.hpp"

namespace scops {
class RedisCommands;  // core/io/redis.hpp

inline constexpr std::uint64_t read_bytes_max = 4U << 20U;  // of blocks, in one read

// What an output asks for, of the blocks that wait for it.
struct Wanted {
  std::uint32_t records = UINT32_MAX;  // at most, and read_bytes_max bytes, but at least one block
  TimeMs since = INT64_MIN;            // blocks whose `newest` is not older
  std::vector<BlockId> only = {};      // not empty: nothing but these; they were read before, in one read
  bool held = false;                   // also what is not to be sent just now because of the clock
  std::vector<BlockId> except = {};    // none of these, which were read before
};

struct BufferStats {
  std::uint64_t blocks = 0, records = 0, metrics = 0, bytes = 0;  // waiting; metrics: records of that kind
  std::uint64_t held = 0;                                         // blocks of these that only memory has
  TimeMs oldest = 0;    // `newest` of the oldest waiting block, 0 when empty
  bool durable = true;  // false: only memory holds it, see `trouble`
  std::string trouble;  // why puts do not reach the store just now, else empty
};

class Buffer {
 public:
  virtual ~Buffer() = default;
  // Durable when it returns. Enforces the retention by bytes: the oldest blocks give way, counted.
  virtual Result<BlockId> put(Block block) = 0;
  // Puts all and runs `commands` in one transaction, where the store is the Redis that these are for. False:
  // it is not, or is full; nothing was done. An Error: nothing was, or all of it and the answer is lost.
  virtual Result<bool> put_together(std::span<const Block> blocks, const RedisCommands& commands) = 0;
  // Oldest first, the same again until acked. Damaged blocks are set aside and counted.
  virtual Result<std::vector<Block>> read(std::string_view output, Kind kind, Wanted wanted) = 0;
  // The output is done with these; what all have acked is removed. An Error: a restart may read them again.
  virtual Status ack(std::string_view output, std::span<const BlockId> ids) = 0;
  // At every flush: drops what is older than its kind's TTL, moves held blocks to the store.
  virtual Status maintain(TimeMs now) = 0;
  [[nodiscard]] virtual BufferStats stats() const = 0;
  // What destroying it does, once, where a thread may still use it: moves what only memory holds to the
  // store; what comes later goes there at once.
  virtual void store_held() {}
};

}  // namespace scops
