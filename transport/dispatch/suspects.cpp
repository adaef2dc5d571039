#include "transport/dispatch/suspects.hpp"

#include <algorithm>
#include <numeric>

namespace scops {

bool Suspects::hold(const Held& block, std::span<const Suspect> found, std::uint32_t room) {
  const std::uint64_t bytes =
      std::accumulate(held_.begin(), held_.end(), block.bytes,
                      [](std::uint64_t sum, const Held& held) { return sum + held.bytes; });
  if (!held_.empty() && (records() + block.records > room || bytes > read_bytes_max / 2)) return false;
  held_.push_back(block);
  suspects_.insert(suspects_.end(), found.begin(), found.end());
  return true;
}

bool Suspects::holds(BlockId block) const {
  return std::any_of(held_.begin(), held_.end(), [block](const Held& held) { return held.block == block; });
}

std::uint32_t Suspects::records() const {
  return std::accumulate(held_.begin(), held_.end(), 0U,
                         [](std::uint32_t sum, const Held& held) { return sum + held.records; });
}

void Suspects::keep_only(std::span<const Block> waiting) {
  for (Held& held : held_) {
    held.here = std::any_of(waiting.begin(), waiting.end(),
                            [&held](const Block& block) { return block.id == held.block; });
  }
  // A store that is silent shows nothing but what is held in memory: what it has may still wait.
  const bool silent = !waiting.empty() && waiting.front().id.major == held_major;
  std::erase_if(held_, [waiting, silent](const Held& held) {
    if (silent && held.block.major != held_major) return false;
    return !held.here && (waiting.empty() || held.block < waiting.back().id);
  });
  std::erase_if(suspects_, [this](const Suspect& suspect) { return !holds(suspect.block); });
}

const Suspect* Suspects::ready(std::uint64_t accepted) const {
  const auto it = std::find_if(suspects_.begin(), suspects_.end(),
                               [&](const Suspect& s) { return s.accepted_before < accepted && is_here(s); });
  return it == suspects_.end() ? nullptr : &*it;
}

const Suspect* Suspects::any() const {
  const auto it =
      std::find_if(suspects_.begin(), suspects_.end(), [this](const Suspect& s) { return is_here(s); });
  return it == suspects_.end() ? nullptr : &*it;
}

bool Suspects::is_here(const Suspect& suspect) const {
  return std::any_of(held_.begin(), held_.end(),
                     [&suspect](const Held& held) { return held.here && held.block == suspect.block; });
}

bool Suspects::refused(const Suspect& suspect, std::uint64_t accepted) {
  const auto it = find(suspect);
  if (it->accepted_before < accepted) ++it->refusals;
  it->accepted_before = accepted;
  const bool drop = it->refusals >= refusals_to_drop;
  std::rotate(it, it + 1, suspects_.end());  // to the end of the line
  return drop;
}

std::optional<BlockId> Suspects::settled(const Suspect& suspect) {
  const auto it = find(suspect);
  const BlockId block = it->block;
  suspects_.erase(it);
  const auto same_block = [block](const auto& other) { return other.block == block; };
  if (std::any_of(suspects_.begin(), suspects_.end(), same_block)) return std::nullopt;
  std::erase_if(held_, same_block);
  return block;
}

std::vector<Suspect>::iterator Suspects::find(const Suspect& suspect) {
  return std::find_if(suspects_.begin(), suspects_.end(), [&suspect](const Suspect& other) {
    return other.block == suspect.block && other.record == suspect.record;
  });
}

}  // namespace scops
