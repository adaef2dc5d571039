// zstd behind a function (RFC 8878), which sets up and frees its own state.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace scops {

// Replaces `into` by one frame of `data`, which says how long that is. `level`: 1 to 19. At each of `cuts`,
// ascending offsets in `data`, a block begins, which has codes of its own for the bytes in it: some 100
// bytes, gained where other bytes are frequent than before.
void compress_zstd(std::string_view data, std::span<const std::size_t> cuts, std::string& into, int level);

}  // namespace scops
