// Times in words: RFC 3339, and what Python makes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/model/metric.hpp"

namespace scops {

struct IsoTime {
  std::int64_t seconds = 0;      // Unix
  std::int64_t nanoseconds = 0;  // beyond them; finer digits are cut

  [[nodiscard]] TimeMs milliseconds() const { return seconds * 1000 + nanoseconds / 1'000'000; }
};

//   2026-11-21T10:55:03.123456+01:00    the fraction may be missing, Z is +00:00
//
// Nothing when it is something else, or no day of the calendar.
[[nodiscard]] std::optional<IsoTime> parse_rfc3339(std::string_view text);

// The same as Python's isoformat() writes it: also with a blank for the T, with the zone as +0100, or without
// a zone, and then it is UTC.
[[nodiscard]] std::optional<IsoTime> parse_isoformat(std::string_view text);

}  // namespace scops
