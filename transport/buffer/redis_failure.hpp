// Error replies of Redis as errors of the store.
#pragma once

#include "core/io/redis.hpp"
#include "core/model/result.hpp"

namespace scops {

// ErrorKind::absent: a key is missing, of another type, or lacks its group. Anything else: retry.
[[nodiscard]] Error redis_failure(const RedisValue& reply);

}  // namespace scops
