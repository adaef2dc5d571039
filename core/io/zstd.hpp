// zstd behind a function (RFC 8878), which sets up and frees its own state.
#pragma once

#include <string>
#include <string_view>

namespace scops {

// Replaces `into` by one frame of `data`, which says how long that is. `level`: 1 to 19.
void compress_zstd(std::string_view data, std::string& into, int level);

}  // namespace scops
