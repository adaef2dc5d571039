// Only one agent at a time may drain the queues: a key with the agent's name that expires by itself.
#pragma once

#include <cstdint>
#include <string>

#include "core/config/option.hpp"
#include "core/io/redis.hpp"
#include "core/model/result.hpp"
#include "core/runtime/clock.hpp"

namespace scops::chouette {

class Lease {
 public:
  // `redis` and `clock` outlive it.
  Lease(RedisClient& redis, const Clock& clock, std::string key, std::string agent, Duration ttl);

  // Takes or prolongs it; false: it is another agent's (said once in the log). An agent of the same name, as
  // after a restart, takes it over at once; one that still runs loses it and can commit nothing any more. At
  // its memory limit Redis takes no new keys: then nobody can have it, and the answer is true, because the
  // queues must be able to shrink.
  Result<bool> hold();
  // The same, but asks Redis only when a good part of the time is over.
  Result<bool> still_held();
  // Lets others have it.
  void release();

  // What a transaction of its holder depends on.
  [[nodiscard]] RedisCommands::Guard guard() const;

 private:
  enum class Answer : std::uint8_t { ours, theirs, again };
  Result<Answer> try_once();
  Result<Answer> ask_holder(bool full);
  Result<Answer> take_over();
  Result<Answer> theirs(const std::string& holder);

  RedisClient& redis_;
  const Clock& clock_;
  const std::string key_;
  const std::string agent_;  // "scops/board7#": what all processes of that name begin with
  const std::string self_;   // and what only this one is called
  const std::string ttl_;
  const std::int64_t ttl_ms_;
  std::int64_t held_since_ = 0;  // steady
  bool held_ = false;            // there is a key with our name
  bool said_ = false;
};

}  // namespace scops::chouette
