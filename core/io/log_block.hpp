// Log records to the bytes of a block of kind logs and back: times and JSON texts, deflated, behind the same
// header as other blocks, so that check_block (block_codec.hpp) holds for it too. Pure; decoding survives any
// input.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/buffer.hpp"
#include "core/model/result.hpp"

namespace scops {

inline constexpr std::size_t log_record_max = 1U << 20U;  // bytes of one record; Datadog's own limit is 1 MB

struct LogRecord {
  TimeMs time = 0;
  std::string json;  // one object

  bool operator==(const LogRecord&) const = default;
};

// Deterministic; keeps the order. Records that are longer than `log_record_max` are left out, as `records` of
// the block tells.
[[nodiscard]] Block encode_log_block(std::span<const LogRecord> records);

// ErrorKind::drop when damaged, of another kind or of an unknown version.
[[nodiscard]] Result<std::vector<LogRecord>> decode_log_block(std::string_view bytes);

}  // namespace scops
