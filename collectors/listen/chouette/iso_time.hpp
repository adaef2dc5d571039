// The field "date" of a log record.
#pragma once

#include <optional>
#include <string_view>

#include "core/model/metric.hpp"

namespace scops::chouette {

//   2026-11-21T10:55:03.123456+01:00    T or a blank; fraction and zone may be missing, Z is +00:00
//
// ISO 8601 as Python's isoformat() writes it; without a zone it is UTC. Nothing when it is something else.
[[nodiscard]] std::optional<TimeMs> parse_iso_time(std::string_view text);

}  // namespace scops::chouette
