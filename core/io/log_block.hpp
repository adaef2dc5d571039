// Log records to the bytes of a block of kind logs and back: times and JSON texts, deflated, behind the same
// header as other blocks, so that check_block (block_codec.hpp) holds for it too. Pure; decoding survives any
// input.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "core/model/buffer.hpp"
#include "core/model/log.hpp"
#include "core/model/result.hpp"

namespace scops {

inline constexpr std::size_t log_record_max = 1U << 20U;  // bytes of one record; Datadog's own limit is 1 MB
// The most that one block takes, so that decoding has bounds.
inline constexpr std::size_t log_block_bytes_max = 4U << 20U;  // of all texts
inline constexpr std::size_t log_block_records_max = 1U << 14U;

// Deterministic; keeps the order. Left out, as `records` of the block tells: records that are longer than
// `log_record_max`, and all from the first one on that does not fit into the block.
[[nodiscard]] Block encode_log_block(std::span<const LogRecord> records);

// ErrorKind::drop when damaged, of another kind or of an unknown version.
[[nodiscard]] Result<std::vector<LogRecord>> decode_log_block(std::string_view bytes);

}  // namespace scops
