// Records that were refused alone. They stay in the buffer, with their block, while the rest is sent past
// them. One is asked about again each time another request was accepted since its last refusal; when it was
// refused `refusals_to_drop` times in that way, the record is bad and not the intake. There is always room
// for one more: each has cost a request, so an intake that refuses everything makes some hundred a day, and
// one that accepts something soon ends them. Pure, in memory only: after a restart the search begins anew.
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
  // The block of a suspect is held back as long as one of its suspects is.
  void hold(std::span<const Suspect> found);
  [[nodiscard]] bool holds(BlockId block) const;
  // All that are held.
  [[nodiscard]] std::vector<BlockId> blocks() const;
  // The block has expired.
  void forget(BlockId block);

  // One to ask about because a request was accepted since its last refusal, else nothing.
  [[nodiscard]] const Suspect* ready(std::uint64_t accepted) const;
  // One to ask about when nothing else is waiting, each in its turn; nothing when none are held.
  [[nodiscard]] const Suspect* any() const { return suspects_.empty() ? nullptr : &suspects_.front(); }

  // `suspect`, as returned above, was refused again. True when it is to be dropped: call settled().
  [[nodiscard]] bool refused(const Suspect& suspect, std::uint64_t accepted);
  // `suspect` is accepted or dropped. Its block when that was the last one in it: to be acked.
  [[nodiscard]] std::optional<BlockId> settled(const Suspect& suspect);

 private:
  [[nodiscard]] std::vector<Suspect>::iterator find(const Suspect& suspect);

  std::vector<Suspect> suspects_;
};

}  // namespace scops
