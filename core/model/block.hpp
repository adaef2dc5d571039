// What a buffer stores, and what it is known by.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "core/model/metric.hpp"

namespace scops {

enum class Kind : std::uint8_t { metrics = 1, events = 2, logs = 3 };
inline constexpr Kind kinds[] = {Kind::metrics, Kind::events, Kind::logs};

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

}  // namespace scops
