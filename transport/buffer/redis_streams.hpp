// The keys of one name in a Redis, as typed calls. No policy and no lock: redis_buffer.hpp has both.
//
//   {scops:NAME}:metrics, :events, :logs   a stream a kind, an entry a block (redis_entry.hpp), a consumer
//   group
//                                          an output
//   {scops:NAME}:size                      hash: records and bytes in each stream (redis_sums.hpp)
//   {scops:NAME}:damaged                   stream: the last few entries that were no blocks
//
// The braces put all of them into one slot of a cluster. Errors have kind `absent` when the keys are not as
// we left them (own_keys() and make_group() put that right) or the connection has ended, so that somebody
// should look whether they are; `drop` for a reply that is larger than the client takes; else `retry`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/option.hpp"
#include "core/io/redis.hpp"
#include "transport/buffer/redis_info.hpp"
#include "transport/buffer/redis_sums.hpp"

namespace scops {

class RedisStreams {
 public:
  using Names = std::span<const std::string>;

  RedisStreams(const RedisTarget& target, const std::string& name, std::string consumer, const Clock& clock);
  RedisStreams(const RedisStreams&) = delete;  // sums_ refers to the keys
  RedisStreams& operator=(const RedisStreams&) = delete;
  ~RedisStreams() = default;

  [[nodiscard]] const RedisClient& client() const { return client_; }
  [[nodiscard]] RedisSums::Size size(Kind kind) const { return sums_.size(kind); }

  // Renames what is no stream, or no hash, out of our way.
  Status own_keys();
  Status refresh();  // asks for the sums
  Status pay();      // what they are owed, if anything
  // Deletes all of it.
  Status drop_all();
  Result<std::uint64_t> server_time();  // Unix milliseconds

  // In one transaction, with `together` if that is not null. Nothing: Redis has refused that as a whole, as
  // refusal() says. ErrorKind::absent over the same connection: none was added, but `together` was run.
  using Added = std::optional<std::vector<StreamId>>;
  Result<Added> add(std::span<const Block* const> blocks, const RedisCommands* together);
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

  using Entries = Result<std::vector<RedisEntry>>;
  Entries range(Kind kind, StreamId from, std::size_t count);
  Entries range_back(Kind kind, StreamId from, std::size_t count);  // youngest first
  // What we were given before and have not acked, from after `after`.
  Entries history(Kind kind, std::string_view output, StreamId after, std::size_t count);
  // What no consumer of this output was given before; ours from now on.
  Entries fresh(Kind kind, std::string_view output, std::size_t count);

  struct Removal {
    StreamId id;
    bool sized = true;  // the sums know it
    std::uint64_t records = 0, bytes = 0;
  };
  // Acks them for these outputs and deletes them: in one transaction, or, when Redis is full, without one.
  // For each: was it there?
  Result<std::vector<bool>> remove(Kind kind, std::span<const Removal> removals, Names outputs);
  // The same for an entry that is no block; it is kept as evidence if there is room.
  Result<bool> remove_damaged(Kind kind, const RedisEntry& entry, Names outputs);

  using Group = StreamGroup;
  // None when there is no stream.
  Result<std::vector<Group>> groups(Kind kind);
  // When Redis is full there will be none: no error.
  Status make_group(Kind kind, const std::string& output);
  Result<StreamId> last_id(Kind kind);  // that the stream gave
  // The oldest that was given to a consumer, to us if `own`, and not acked; ids from `from`.
  Result<std::optional<StreamId>> pending(Kind kind, std::string_view output, StreamId from, bool own);

  struct Acked {
    std::vector<Group> groups;
    std::vector<std::vector<bool>> waits;  // [other][id]: pending for others[other]
  };
  Result<Acked> ack(Kind kind, std::string_view output, std::span<const StreamId> ids, Names others);

  using Consumer = StreamConsumer;
  // Those beside us; also tells Redis that we are alive.
  Result<std::vector<Consumer>> others(Kind kind, std::string_view output);
  // Takes over what the consumer was given, if nobody has asked for it for `idle`. The number taken.
  Result<std::size_t> take_over(Kind kind, std::string_view output, const Consumer& from, Duration idle);
  Status forget(Kind kind, std::string_view output, const Consumer& consumer);
  // Makes those of them ours that nobody was given or, for `idle`, has asked for.
  Status claim(Kind kind, std::string_view output, std::span<const StreamId> ids, Duration idle);

 private:
  [[nodiscard]] const std::string& key(Kind kind) const { return keys_.at(slot(kind)); }
  Entries read_group(Kind kind, std::string_view output, std::string_view from, std::size_t count);
  Status set_aside(const std::string& key);
  Status take_back(std::span<const Block* const> blocks, std::span<const StreamId> ids, bool exhausted);
  Result<std::vector<bool>> remove(Kind kind, std::span<const Removal> removals, const CommandList& before);

  const std::array<std::string, kind_slots> keys_;
  const std::string size_key_, damaged_key_;
  const std::string consumer_;
  RedisClient client_;
  RedisSums sums_;
  std::string refusal_;
};

}  // namespace scops
