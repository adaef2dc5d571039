// What one process knows of a shared Redis besides what Redis itself keeps. A restart does without it.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>

#include "core/config/option.hpp"
#include "core/model/stamp.hpp"
#include "transport/buffer/redis_entry.hpp"

namespace scops {

struct RedisSharing {
  std::string name;                           // of the keys
  std::string consumer;                       // who we are among the agents of this name
  Duration gone = std::chrono::seconds(60);   // a consumer that has not been heard of for so long is gone
  Duration every = std::chrono::seconds(30);  // how often maintain() looks for such
};

struct RedisOutput {
  std::string name;
  std::set<BlockId> acked;  // by our caller, but not yet in Redis, or not yet given to us
};

// An output that is not configured now, by kind: what was there already waits for it, younger blocks do not.
using RedisAbsent = std::array<std::optional<StreamId>, kind_slots>;

// The oldest entry of a stream.
struct RedisHead {
  StreamId id;
  TimeMs newest = 0;
  Stamp stamp = {};
};

// A block whose put has failed, but that may be there.
struct RedisInDoubt {
  Kind kind = Kind::metrics;
  std::size_t size = 0, hash = 0;  // of its bytes
};

}  // namespace scops
