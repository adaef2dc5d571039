// Records that were refused alone. They stay in the buffer, with their block, while the rest is sent past
// them. One is asked about again each time another request was accepted since its last refusal; when it was
// refused `refusals_to_drop` times in that way, the record is bad and not the intake. Pure, in memory only:
// after a restart the search begins anew.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/model/buffer.hpp"

namespace scops {

inline constexpr std::uint32_t refusals_to_drop = 3;

struct Suspect {
  BlockId block;
  std::uint32_t record = 0;           // counts within the decoded block
  std::uint64_t accepted_before = 0;  // requests of the output that were accepted before its last refusal
  std::uint32_t refusals = 1;         // only those with an accepted request since the one before
};

class Suspects {
 public:
  struct Held {
    BlockId block;
    std::uint32_t records = 0;
    std::uint64_t bytes = 0;
    bool here = true;  // among the waiting ones
  };
  // Holds a block for the sake of its `found` records. False, and nothing is held, when all held blocks
  // together would have more than `room` records or take half of a read: one block is always held.
  [[nodiscard]] bool hold(const Held& block, std::span<const Suspect> found, std::uint32_t room);
  [[nodiscard]] bool holds(BlockId block) const;
  // Of all held blocks: what a read must ask for beyond its own need.
  [[nodiscard]] std::uint32_t records() const;
  // `waiting`: the oldest blocks that wait. Forgets those that should be among them and are not, as they have
  // expired; those that lie behind them, or in a store that may be silent, are not asked about until they
  // come up.
  void keep_only(std::span<const Block> waiting);

  // One to ask about because a request was accepted since its last refusal, else nothing.
  [[nodiscard]] const Suspect* ready(std::uint64_t accepted) const;
  // One to ask about when nothing else is waiting, each in its turn; nothing when none are held.
  [[nodiscard]] const Suspect* any() const;

  // `suspect`, as returned above, was refused again. True when it is to be dropped: call settled().
  [[nodiscard]] bool refused(const Suspect& suspect, std::uint64_t accepted);
  // `suspect` is accepted or dropped. Its block when that was the last one in it: to be acked.
  [[nodiscard]] std::optional<BlockId> settled(const Suspect& suspect);

 private:
  [[nodiscard]] bool is_here(const Suspect& suspect) const;
  [[nodiscard]] std::vector<Suspect>::iterator find(const Suspect& suspect);

  std::vector<Held> held_;
  std::vector<Suspect> suspects_;
};

}  // namespace scops
