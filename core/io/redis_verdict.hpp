// What an answer says about the server instead of the command: asked the wrong node, or one that cannot work.
#pragma once

#include <optional>
#include <string_view>

#include "core/io/redis_link.hpp"
#include "core/io/redis_value.hpp"

namespace scops {

// In front of why a transaction was refused.
inline constexpr std::string_view redis_aborted = "EXECABORT ";

struct RedisVerdict {
  std::optional<RedisAddress> moved;  // ask there instead: nothing was done here
  bool ask = false;                   // ... and only this once, after ASKING
  std::string_view trouble = {};      // words for a user; the connection is of no use...
  bool stay = false;                  // ... but for this trouble
  bool done_in_part = false;
};

// `said_by`: redirections may leave out the host, which is then that of the node that says so.
[[nodiscard]] RedisVerdict judge_reply(const RedisValue& reply, const RedisAddress& said_by,
                                       bool transaction);
// Only a pipeline that was refused as a whole can be asked elsewhere: otherwise a part would be done twice.
[[nodiscard]] RedisVerdict judge_pipeline(const RedisValue& replies, const RedisAddress& said_by);

}  // namespace scops
