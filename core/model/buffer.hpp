// The second seam: a durable log of immutable blocks, one cursor an output. tests/contract/ is its law.
// Every function may be called from any thread; none blocks longer than its store's own deadline.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/metric.hpp"
#include "core/model/result.hpp"

namespace scops {
class RedisCommands;  // core/io/redis.hpp
enum class Kind : std::uint8_t { metrics = 1, events = 2, logs = 3 };
inline constexpr std::uint64_t read_bytes_max = 4U << 20U;  // of blocks, in one read
// Position in the log; ascending in the order of put. `major` is a stream's milliseconds, if it has them.
struct BlockId {
  std::uint64_t major = 0, minor = 0;
  auto operator<=>(const BlockId&) const = default;
};

// The records of one flush, encoded, compressed and checksummed (core/io/block_codec): never changed again.
struct Block {
  BlockId id;  // set by put
  Kind kind = Kind::metrics;
  std::uint32_t records = 0;
  TimeMs newest = 0, shift = 0;  // of the youngest record, for retention; added to all times when sent
  std::string bytes;
};

struct BufferStats {
  std::uint64_t blocks = 0, records = 0, metrics = 0, bytes = 0;  // waiting; metrics: records of that kind
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
  // Up to `max_records` and read_bytes_max from the output's cursor, oldest first, at least one block if any;
  // the same again until acked. Only blocks whose `newest` is `since` or later. Damaged: set aside, counted.
  virtual Result<std::vector<Block>> read(std::string_view output, Kind kind, std::uint32_t max_records,
                                          TimeMs since = INT64_MIN) = 0;
  // The output is done with these; what all have acked is removed. An Error: a restart may read them again.
  virtual Status ack(std::string_view output, std::span<const BlockId> ids) = 0;
  // At every flush: drops what is older than its kind's TTL, moves held blocks to the store.
  virtual Status maintain(TimeMs now) = 0;
  [[nodiscard]] virtual BufferStats stats() const = 0;
};

}  // namespace scops
