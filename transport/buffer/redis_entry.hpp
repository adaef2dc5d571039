// Blocks as entries of Redis streams, and lists of commands. Pure; parsing survives any reply.
//
// An entry has three fields: b the block's bytes, n its number of records, t the time of the youngest, in
// Unix milliseconds. Redis stores names that repeat from entry to entry once for a run of entries.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/redis.hpp"
#include "core/model/buffer.hpp"

namespace scops {

inline constexpr std::size_t kind_slots = 4;  // of arrays that a kind's number is the index of
[[nodiscard]] constexpr std::size_t slot(Kind kind) { return static_cast<std::size_t>(kind); }

// "metrics", "events", "logs".
[[nodiscard]] std::string_view kind_name(Kind kind);

// An entry's id as Redis has it, "1700000000000-0".
struct StreamId {
  std::uint64_t time = 0;  // milliseconds
  std::uint64_t number = 0;
  auto operator<=>(const StreamId&) const = default;

  [[nodiscard]] std::string text() const;
  [[nodiscard]] StreamId next() const;    // the smallest that is larger
  [[nodiscard]] StreamId before() const;  // the largest that is smaller
};
inline constexpr StreamId last_stream_id = {UINT64_MAX, UINT64_MAX};

[[nodiscard]] std::optional<StreamId> to_stream_id(std::string_view text);

// Two streams may give the same id in the same millisecond: a block's id has its kind in the two lowest bits
// of `minor`.
[[nodiscard]] BlockId to_block_id(StreamId id, Kind kind);
struct StreamPlace {
  Kind kind = Kind::metrics;
  StreamId id;
};
// Nothing when no stream can have given it.
[[nodiscard]] std::optional<StreamPlace> to_place(BlockId id);

struct RedisEntry {
  StreamId id;
  bool gone = false;    // it is pending, but somebody has deleted it
  std::string problem;  // why it is no block of ours, else empty
  bool sized = false;   // its fields are ours: its records and bytes have been added to the sums
  Block block;          // with a problem: `bytes` is what there is instead, cut to damaged_bytes_max
};

inline constexpr std::size_t damaged_bytes_max = 64U << 10U;

// One element of a reply of XRANGE or XREADGROUP. Nothing when it does not look like an entry at all.
[[nodiscard]] std::optional<RedisEntry> to_entry(const RedisValue& value, Kind kind);

// Commands as arguments that their maker keeps, or gives to keep().
class CommandList final : public RedisCommands {
 public:
  CommandList() = default;
  CommandList(CommandList&&) = default;
  CommandList& operator=(CommandList&&) = default;
  CommandList(const CommandList&) = delete;  // its arguments may lie in kept_
  CommandList& operator=(const CommandList&) = delete;
  ~CommandList() override = default;

  void add(std::initializer_list<std::string_view> arguments) { commands_.emplace_back(arguments); }
  void add(std::vector<std::string_view> arguments) { commands_.push_back(std::move(arguments)); }
  std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }
  std::string_view keep(StreamId id) { return keep(id.text()); }
  void append(const CommandList& other);  // which must outlive this one
  [[nodiscard]] bool empty() const { return commands_.empty(); }

  [[nodiscard]] std::size_t count() const override { return commands_.size(); }
  void write(RedisWriter& to) const override;

 private:
  std::vector<std::vector<std::string_view>> commands_;
  std::deque<std::string> kept_;
};

}  // namespace scops
