// What Redis says of a stream: replies of XINFO. Pure; parsing survives any reply.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/io/redis.hpp"
#include "transport/buffer/redis_entry.hpp"

namespace scops {

struct StreamGroup {
  std::string name;
  StreamId delivered;  // all up to here were given to one of its consumers
};
// Of XINFO GROUPS. What a group lacks is empty.
[[nodiscard]] std::vector<StreamGroup> to_groups(const RedisValue& list);

struct StreamConsumer {
  std::string name;
  std::int64_t pending = 0;
  std::int64_t idle = 0;  // milliseconds
};
// Of XINFO CONSUMERS, likewise.
[[nodiscard]] std::vector<StreamConsumer> to_consumers(const RedisValue& list);

// Of XINFO STREAM: the last id that it gave; 0-0 when that is not said.
[[nodiscard]] StreamId to_last_id(const RedisValue& info);

}  // namespace scops
