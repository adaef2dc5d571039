#include "transport/dispatch/suspects.hpp"

#include <algorithm>

namespace scops {

void Suspects::hold(std::span<const Suspect> found) {
  suspects_.insert(suspects_.end(), found.begin(), found.end());
}

bool Suspects::holds(BlockId block) const {
  return std::any_of(suspects_.begin(), suspects_.end(),
                     [block](const Suspect& suspect) { return suspect.block == block; });
}

std::vector<BlockId> Suspects::blocks() const {
  std::vector<BlockId> all;
  for (const Suspect& suspect : suspects_) all.push_back(suspect.block);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

void Suspects::forget(BlockId block) {
  std::erase_if(suspects_, [block](const Suspect& suspect) { return suspect.block == block; });
}

const Suspect* Suspects::ready(std::uint64_t accepted) const {
  const auto it = std::find_if(suspects_.begin(), suspects_.end(), [accepted](const Suspect& suspect) {
    return suspect.accepted_before < accepted;
  });
  return it == suspects_.end() ? nullptr : &*it;
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
  if (holds(block)) return std::nullopt;
  return block;
}

std::vector<Suspect>::iterator Suspects::find(const Suspect& suspect) {
  return std::find_if(suspects_.begin(), suspects_.end(), [&suspect](const Suspect& other) {
    return other.block == suspect.block && other.record == suspect.record;
  });
}

}  // namespace scops
