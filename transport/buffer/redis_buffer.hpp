// The buffer in a Redis (5 or newer), which several agents of one name may share:
//
//   put      one transaction, MULTI to EXEC: all of the blocks or none
//   fetch    what this consumer of the output's group was given and has not acked, then what is new
//   ack      XACK; what all outputs have acked is deleted in the same transaction
//   loss     a put whose answer was lost is undone at the next connection; an ack is repeated
//   sharing  a block goes to one consumer; what one that is gone had been given is taken over
//
// Redis keeps the state of each output; what this process knows besides (sizes, acks on their way) is
// bounded, and a restart does without it. An error has kind `retry`: nothing that was stored is lost by it.
// Any thread; one lock, held while Redis is asked, but not waited for by stats().
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/runtime/clock.hpp"
#include "transport/buffer/redis_state.hpp"
#include "transport/buffer/redis_streams.hpp"
#include "transport/buffer/store.hpp"

namespace scops {

class RedisBuffer final : public Store {
 public:
  // No outputs: to have a look only, which changes nothing. `clock` outlives this.
  RedisBuffer(const RedisTarget& target, RedisSharing sharing, std::vector<std::string> outputs,
              Retention retention, const Clock& clock, BufferCounters counters);

  // Makes the groups, learns what is there; again with each connection.
  Status open();

  Result<std::vector<BlockId>> put_all(std::span<const Block* const> blocks) override;
  Result<bool> put_together(std::span<const Block> blocks, const RedisCommands& commands) override;
  [[nodiscard]] bool takes_commands() const override { return true; }
  Result<Fetched> fetch(std::string_view output, Kind kind, const Wanted& wanted) override;
  Status ack(std::string_view output, std::span<const BlockId> ids) override;
  Status maintain(TimeMs now) override;
  [[nodiscard]] BufferStats stats() const override;  // as of the last other call

 private:
  using Removal = RedisStreams::Removal;
  using Output = RedisOutput;
  struct Gathering;
  // All of these with mutex_ held. redis_buffer.cpp:
  Status attempt(const std::function<Status()>& action);
  void publish(const Status& last);
  [[nodiscard]] Timeline::Date date(Kind kind, TimeMs newest, const Stamp& stamp) const;
  [[nodiscard]] Output* find(std::string_view output);
  [[nodiscard]] std::span<const Block* const> fitting(std::span<const Block* const> blocks) const;
  Status settle();
  Status tidy_up();
  Result<RedisStreams::Added> add(std::span<const Block* const> blocks, const RedisCommands* together);
  // redis_read.cpp:
  [[nodiscard]] std::size_t page(Kind kind, std::uint64_t records) const;
  RedisStreams::Entries next_entries(Gathering& to, bool fresh, std::size_t count);
  Status gather(Gathering& to);
  Status gather_fresh(Gathering& to);
  Result<std::vector<StreamId>> find_fresh(const Gathering& to);
  Status take(Gathering& to, std::vector<RedisEntry> entries);
  Status mend_oversized(const Gathering& to);
  Status save_acks(Output& output);
  Status save_acks(Output& output, Kind kind, std::span<const StreamId> ids);
  Result<std::vector<StreamId>> done_by_all(Output& output, Kind kind, std::span<const StreamId> ids);
  bool waits_for_it(const std::string& output, Kind kind, StreamId id, bool has_group);
  [[nodiscard]] bool beyond_absent(const std::string& output, Kind kind, StreamId id) const;
  [[nodiscard]] std::optional<StreamId> absent_mark(const std::string& output, Kind kind) const;
  Result<Removal> removal_of(Kind kind, StreamId id);
  Result<double> drop(Kind kind, std::span<const Removal> removals);  // the records that were there
  Status drop_damaged(Kind kind, const RedisEntry& entry);
  // redis_upkeep.cpp:
  RedisStreams::Entries look(Kind kind, StreamId from, std::size_t& count);
  Status prepare();
  Status prepare_streams();
  Result<bool> make_groups(Kind kind);
  Result<bool> has_fallen_back(Kind kind);
  void say_vanished(Kind kind);
  Status undo(Kind kind);
  Status make_room(std::uint64_t incoming);
  struct Front;
  Status refill(Front& front);
  Status expire(Kind kind);
  Result<bool> expire_page(Kind kind, std::size_t& count);
  Status drop_expired(Kind kind, std::span<const Removal> old, std::span<const Removal> undated);
  Status learn_head(Kind kind);
  Status look_around(Kind kind);
  Result<std::optional<StreamId>> first_waited_for(Kind kind);
  Status sweep(Kind kind);
  Status take_over(Kind kind, const std::string& output);

  const RedisSharing sharing_;
  const Retention retention_;
  const Clock& clock_;
  const BufferCounters counters_;
  std::mutex mutex_;
  RedisStreams streams_;
  std::vector<Output> outputs_;
  std::vector<std::string> names_;  // of outputs_, then of absent_
  std::vector<RedisAbsent> absent_;
  std::uint64_t prepared_ = 0;          // the connection that prepare() was done with; 0: to be done
  std::map<BlockId, Removal> known_;    // blocks that were handed out
  std::vector<RedisInDoubt> in_doubt_;  // blocks whose put failed, but may be there
  std::array<StreamId, kind_slots> last_put_{};
  StreamId undo_from_;  // what is older was there before us
  std::array<std::optional<RedisHead>, kind_slots> heads_;
  std::array<double, kind_slots> waiting_{};  // records that should be there
  TimeMs now_ = 0;                            // as maintain() was told last
  std::int64_t looked_;                       // for consumers that are gone
  bool one_at_a_time_ = false;                // several entries were too large a reply
  mutable std::mutex stats_mutex_;
  BufferStats stats_;  // under it
};

}  // namespace scops
