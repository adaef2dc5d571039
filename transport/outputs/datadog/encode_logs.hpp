// The body of POST /v1/input. Pure, and deterministic: the same records give the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/model/log.hpp"

namespace scops {

// What every record gets.
struct LogExtras {
  std::string host;  // not when empty; instead of one that the record has
  std::string tags;  // joined by commas
};

enum class LogEncoding : std::uint8_t {
  done,
  too_large,  // more than `limit` bytes
  no_object,  // a record is no JSON object
};

// Appends [{...,"ddtags":"a:b,c:d","host":"..."}]: the members of a record keep their order and their text,
// digits and escapes included. The tags are those of the record's `ddtags`, a list or a text already joined,
// and the common ones; a record without any has an empty text. Unless `done`, what was appended is no body.
[[nodiscard]] LogEncoding encode_logs(std::span<const LogRecord> logs, const LogExtras& extras,
                                      std::size_t limit, std::string& into);

}  // namespace scops
