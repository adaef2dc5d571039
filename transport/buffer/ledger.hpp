// The books of a store: which blocks there are, what each output has acked, what is to go. No bytes, no I/O,
// no lock. 56 bytes a block; every question is answered by one walk over them (a backlog of four hours is
// 1440 blocks).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/buffer.hpp"
#include "transport/buffer/store.hpp"

namespace scops {

inline constexpr std::size_t outputs_max = 32;  // bits of Entry::acked

struct Entry {
  std::uint64_t id = 0;
  TimeMs newest = 0;
  std::uint32_t records = 0;
  std::uint32_t size = 0;
  std::uint32_t acked = 0;  // bit i: output i is done with it
  Kind kind = Kind::metrics;
  bool gone = false;  // nobody waits for it any more, but it has not been swept yet
  Stamp stamp = {};   // the clock of its times
};

// Ids from `first` to `last`, both included.
struct IdRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool operator==(const IdRange&) const = default;
};

class Ledger {
 public:
  // At most outputs_max names. `retention` decides what is too old, and what may be read by now.
  explicit Ledger(std::vector<std::string> outputs, Retention retention = {});

  [[nodiscard]] std::optional<std::size_t> output(std::string_view name) const;
  [[nodiscard]] const std::vector<std::string>& outputs() const { return outputs_; }
  // An output that is not configured now, with a backlog of before: blocks added so far wait for it too,
  // later ones do not. Nothing when there are outputs_max already.
  std::optional<std::size_t> add_absent(std::string name);

  // `entry.id` must be at least next_id().
  void add(const Entry& entry);
  [[nodiscard]] std::uint64_t next_id() const { return next_id_; }
  // Ids below `id` are never given again.
  void reserve_ids(std::uint64_t id);
  [[nodiscard]] const Entry* find(std::uint64_t id) const;  // also one that is gone
  [[nodiscard]] const std::deque<Entry>& entries() const { return entries_; }

  struct Next {
    std::vector<std::uint64_t> ids;
    bool more = false;
  };
  // What the output should read; of the ids in `wanted`, `minor` alone counts. Without `at_least_one`, that
  // may be nothing although a block waits.
  [[nodiscard]] Next next(std::size_t output, Kind kind, const Wanted& wanted,
                          bool at_least_one = true) const;

  // The output is done with this one; unknown ids are ignored. True when that was news.
  bool ack(std::size_t output, std::uint64_t id);
  // The same for all blocks of a kind in a range, as ranges() told it.
  void ack_range(std::size_t output, Kind kind, IdRange range);
  // Everything of this kind that the output is done with, in at most `limit` ranges. Ids of blocks that are
  // no more, and of other kinds, lie in the ranges or not, as it comes.
  [[nodiscard]] std::vector<IdRange> ranges(std::size_t output, Kind kind, std::size_t limit) const;

  // What a reader has to add to the times of this one.
  [[nodiscard]] TimeMs shift(const Entry& entry) const;

  // Lets go of blocks: of one, of those too old; both return the number of records that somebody waited for.
  // One that is too old, but not among the oldest thousand, may stay for a few calls more.
  std::uint64_t retire(std::uint64_t id);
  Expired expire(TimeMs now);
  // The oldest waiting blocks that must go so that `incoming` bytes find room within `limit`.
  [[nodiscard]] std::vector<std::uint64_t> in_the_way(std::uint64_t incoming, std::uint64_t limit) const;

  // The blocks that are gone, ascending; and forgetting them.
  [[nodiscard]] std::vector<std::uint64_t> gone() const;
  void sweep();

  // Of the blocks that somebody waits for.
  [[nodiscard]] BufferStats stats() const;

 private:
  Entry* find_waiting(std::uint64_t id);
  using Position = std::deque<Entry>::const_iterator;
  [[nodiscard]] std::pair<Position, Position> range_of(std::span<const BlockId> only) const;
  [[nodiscard]] bool may_go(const Timeline::Now& now, const Entry& entry, const Wanted& wanted) const;
  std::uint64_t let_go(Entry& entry);
  bool let_expire(Entry& entry, const Timeline::Now& moment, Expired& records);
  [[nodiscard]] Timeline::Date date(const Timeline::Now& now, const Entry& entry) const;

  Retention retention_;
  std::vector<std::string> outputs_;
  std::uint32_t everyone_ = 0;  // Entry::acked when all outputs are done; 0 without outputs
  std::uint32_t absent_ = 0;    // those of add_absent()
  std::deque<Entry> entries_;
  std::uint64_t next_id_ = 1;
  std::uint64_t blocks_ = 0, records_ = 0, metrics_ = 0, bytes_ = 0;
  std::size_t gone_ = 0;       // entries that wait for a sweep
  std::size_t look_next_ = 0;  // see expire()
};

}  // namespace scops
