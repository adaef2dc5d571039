// How much lies in each stream, without looking through it: a hash in the Redis, changed in the same
// transaction as the stream. Where that was not possible (Redis full, an entry gone that we meant to delete)
// the difference is owed and goes with the next change; an empty stream sets its sums right. No I/O, no lock.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/io/redis.hpp"
#include "transport/buffer/redis_entry.hpp"

namespace scops {

class RedisSums {
 public:
  // The keys are the hash's and each stream's, by kind; they outlive this.
  RedisSums(const std::string& hash, const std::array<std::string, kind_slots>& streams)
      : hash_(hash), streams_(streams) {}

  struct Size {
    std::uint64_t blocks = 0, records = 0, bytes = 0;
  };
  [[nodiscard]] Size size(Kind kind) const;

  // Adds the commands that ask for a kind's sums, and takes their replies, `first` being the place of the
  // first.
  static constexpr std::size_t ask_commands = 2;
  void ask(Kind kind, CommandList& to) const;
  void answered(Kind kind, const RedisValue& replies, std::size_t first);

  static constexpr std::size_t change_commands = 3;
  // Adds the commands that change a kind's sums, by what is owed too, and ask for all three numbers.
  void change(Kind kind, std::int64_t records, std::int64_t bytes, CommandList& to) const;
  // Their replies. What the hash did not take is owed.
  void changed(Kind kind, std::int64_t records, std::int64_t bytes, const RedisValue& replies,
               std::size_t first);
  [[nodiscard]] bool owes(Kind kind) const;

  void owe(Kind kind, std::int64_t records, std::int64_t bytes);
  // The number of entries as somebody asked for it.
  void set_blocks(Kind kind, std::uint64_t blocks);
  // Somebody removed the hash: all that it held is owed.
  void hash_is_gone();

 private:
  struct Sum {
    std::uint64_t blocks = 0;
    std::int64_t records = 0, bytes = 0;            // as the hash has them
    std::int64_t owed_records = 0, owed_bytes = 0;  // what it lacks
  };
  Sum& of(Kind kind) { return sums_.at(slot(kind)); }
  [[nodiscard]] const Sum& of(Kind kind) const { return sums_.at(slot(kind)); }

  const std::string& hash_;
  const std::array<std::string, kind_slots>& streams_;
  std::array<Sum, kind_slots> sums_;
};

}  // namespace scops
