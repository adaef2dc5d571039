// Blocks and buffer calls for tests.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/model/buffer.hpp"
#include "transport/buffer/buffer.hpp"

namespace scops::test {

// Generous limits: nothing is dropped unless a test asks for it.
[[nodiscard]] BufferSettings buffer_settings();

// A valid block of `records` samples, told apart by `mark`, the youngest at `newest`.
[[nodiscard]] Block block_of(std::uint32_t records, TimeMs newest, std::uint64_t mark = 0,
                             Kind kind = Kind::metrics);

// A few shorthands that fail the test when the buffer fails.
BlockId put(Buffer& buffer, Block block);
std::vector<Block> read(Buffer& buffer, std::string_view output, Kind kind = Kind::metrics,
                        std::uint32_t max_records = UINT32_MAX);
void ack(Buffer& buffer, std::string_view output, const std::vector<Block>& blocks);
std::vector<BlockId> ids_of(const std::vector<Block>& blocks);

}  // namespace scops::test
