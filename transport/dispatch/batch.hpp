// Blocks of the buffer, decoded and merged into what one or more requests carry. Pure. The same blocks always
// give the same order of samples, so that a retry has the same bytes: series sorted, times ascending, and for
// equal times the order of the blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/model/buffer.hpp"
#include "core/model/metric.hpp"

namespace scops {

// Where a sample came from: `record` counts within the decoded block.
struct Origin {
  BlockId block;
  std::uint32_t record = 0;
};

struct Batch {
  SampleSet set;
  std::vector<Origin> origins;   // one for each of set.samples
  std::vector<BlockId> damaged;  // blocks that could not be decoded; nothing of them is in the set
  std::uint64_t damaged_records = 0;
};

[[nodiscard]] Batch merge(std::span<const Block> blocks);

// The samples [begin, end) of `set` with just the series they use.
[[nodiscard]] SampleSet slice(const SampleSet& set, std::size_t begin, std::size_t end);

}  // namespace scops
