#include "transport/dispatch/sending.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace scops {

const Sending::Part* Sending::part(BlockId id) const {
  const auto found =
      std::find_if(parts.begin(), parts.end(), [id](const Part& one) { return one.block == id; });
  return found == parts.end() ? nullptr : &*found;
}

Wanted Sending::wanted() const {
  Wanted wanted = {.held = frozen()};
  for (const Part& part : parts) wanted.only.push_back(part.block);
  return wanted;
}

bool Sending::consists_of(const std::vector<Block>& blocks) const {
  return std::equal(blocks.begin(), blocks.end(), parts.begin(), parts.end(),
                    [](const Block& a, const Part& b) { return a.id == b.block && a.shift == b.shift; });
}

void Sending::note(const Batch& batch) {
  if (!part_of.empty()) return;
  std::map<BlockId, std::uint32_t> places;
  for (const Part& part : parts) places.emplace(part.block, static_cast<std::uint32_t>(places.size()));
  part_of.reserve(batch.origins.size());
  for (const Origin& origin : batch.origins) part_of.push_back(places.at(origin.block));
}

void Sending::become(const std::vector<Block>& blocks, const Batch& batch) {
  const auto damaged = [&batch](BlockId id) {
    return std::find(batch.damaged.begin(), batch.damaged.end(), id) != batch.damaged.end();
  };
  Sending now = {.parts = {}, .doubtful = frozen()};
  for (const Block& block : blocks) {
    if (!damaged(block.id)) now.parts.push_back({block.id, block.newest, block.shift});
  }
  const std::optional<Plan> left = plan_for(now.parts, batch.payload.size());
  now.plan = left ? *left : Plan(static_cast<std::uint32_t>(batch.payload.size()));
  if (left) now.note(batch);
  *this = std::move(now);
}

// The plan when `rest` is left of the parts, with so many records in all; nothing when they are other ones,
// or have other times.
std::optional<Plan> Sending::plan_for(const std::vector<Part>& rest, std::size_t records) const {
  if (part_of.empty()) return std::nullopt;
  std::vector<bool> stays;
  auto next = rest.begin();
  for (const Part& part : parts) {
    stays.push_back(next != rest.end() && part == *next);
    if (stays.back()) ++next;
  }
  if (next != rest.end()) return std::nullopt;
  std::vector<std::uint32_t> places = {0};
  places.reserve(part_of.size() + 1);
  for (const std::uint32_t part : part_of) places.push_back(places.back() + (stays[part] ? 1U : 0U));
  return places.back() == records ? std::optional(plan.moved(places)) : std::nullopt;
}

}  // namespace scops
