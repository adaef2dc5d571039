// Values without a key: a client died between its two commands, or has not sent the second one yet. They are
// looked for a little at a time, and go once they are older than the queue's TTL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "collectors/listen/chouette/losses.hpp"
#include "collectors/listen/chouette/queue_commands.hpp"
#include "collectors/listen/chouette/record.hpp"
#include "core/config/option.hpp"
#include "core/io/redis.hpp"
#include "core/runtime/clock.hpp"

namespace scops::chouette {

class Orphans {
 public:
  // All references outlive it.
  Orphans(RedisClient& redis, const QueueNames& names, const Clock& clock, Duration ttl, Losses& losses)
      : redis_(redis), names_(names), clock_(clock), ttl_(ttl), losses_(losses) {}

  // Looks at the next part of the values.
  Status look(RecordParser& parser);

  // How many values without a readable time are remembered at most.
  static constexpr std::size_t remembered_max = 10000;

 private:
  Result<RedisValue> scan();
  Status look_by_names();
  void collect_old(const RedisValue& pairs, RecordParser& parser);
  void make_room();
  bool old_by_first_sight(std::string_view id);
  Status erase_without_key();

  RedisClient& redis_;
  const QueueNames& names_;
  const Clock& clock_;
  const Duration ttl_;
  Losses& losses_;
  std::string cursor_ = "0";
  PackedIds old_;  // values of the present part that may go if they have no key
  // When values without a readable time were first seen, on the clock that no one sets; by hash of the id.
  std::unordered_map<std::size_t, std::int64_t> first_seen_;
};

}  // namespace scops::chouette
