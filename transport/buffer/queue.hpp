// Blocks in memory, in the order of put, with what each output has acked. Not thread-safe: its owner locks.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/buffer.hpp"
#include "transport/buffer/ledger.hpp"
#include "transport/buffer/store.hpp"

namespace scops {

class BlockQueue {
 public:
  // Ids are {major, 1}, {major, 2}...
  BlockQueue(std::vector<std::string> outputs, std::uint64_t major, const Retention& retention);

  struct Held {
    Block block;
    std::int64_t since = 0;    // as given to push()
    std::uint32_t handed = 0;  // bit i: output i has read it
  };

  BlockId push(Block block, std::int64_t since);
  // As Ledger::next, with the blocks. ErrorKind::bug when there is no such output.
  Result<Fetched> read(std::string_view output, Kind kind, const Wanted& wanted, bool at_least_one = true);
  Status ack(std::string_view output, std::span<const BlockId> ids);

  // Both return the number of records dropped.
  Expired expire(TimeMs now);
  std::uint64_t drop_oldest(std::uint64_t bytes_max);

  // The oldest blocks, at least one if there is any, up to `bytes_max`; they stay until they are removed.
  [[nodiscard]] std::vector<const Held*> oldest(std::uint64_t bytes_max) const;
  void remove(std::span<const std::uint64_t> ids);

  // Which outputs have acked it, a bit for each; 0 for an unknown one.
  [[nodiscard]] std::uint32_t acked(std::uint64_t id) const;
  [[nodiscard]] bool empty() const { return blocks_.empty(); }
  [[nodiscard]] const std::vector<std::string>& outputs() const { return ledger_.outputs(); }
  [[nodiscard]] BufferStats stats() const { return ledger_.stats(); }

 private:
  void sweep();

  const std::uint64_t major_;
  Ledger ledger_;
  std::map<std::uint64_t, Held> blocks_;
};

[[nodiscard]] Error unknown_output(std::string_view name);

}  // namespace scops
