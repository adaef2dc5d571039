// Blocks of the buffer, decoded and merged into what one or more requests carry. Pure. The same blocks always
// give the same order of records, so that a retry has the same bytes. Metrics: series sorted, times
// ascending, and for equal times the order of the blocks. Logs: the order of the blocks, and that within
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/model/buffer.hpp"
#include "core/model/output.hpp"

namespace scops {

// Bytes of texts in one batch, of logs or of names and tags, and up to a block more: 500 records may have
// 500 MB. Less where the memory cap is small.
inline constexpr std::size_t batch_text_max = 6U << 20U;

// Where a record came from: `record` counts within the decoded block.
struct Origin {
  BlockId block;
  std::uint32_t record = 0;
};

struct Batch {
  Payload payload;
  std::vector<Origin> origins;   // one for each record of the payload
  std::size_t blocks = 0;        // how many were looked at, from the first one on: the rest is too much
  std::vector<BlockId> damaged;  // blocks that could not be decoded; nothing of them is in the payload
  std::uint64_t damaged_records = 0;
};

// `blocks` are of this kind.
[[nodiscard]] Batch merge(Kind kind, std::span<const Block> blocks);

// The records [begin, end) of `whole`, with just the series they use.
[[nodiscard]] Payload slice(Payload whole, std::size_t begin, std::size_t end);

}  // namespace scops
