#include "transport/dispatch/sending.hpp"

#include <algorithm>

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

}  // namespace scops
