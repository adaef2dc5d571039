// Why a record is not passed on: the label `reason` of scops_chouette_dropped_total.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace scops::chouette {

enum class Flaw : std::uint8_t {
  none,
  not_utf8,
  not_json,
  too_deep,
  no_object,
  metric,  // the field of that name is missing, of the wrong kind, or beyond its limit
  type,
  value,
  timestamp,
  tags,
  points,
  interval,
  too_large,  // the record
  no_value,   // a key without a value
  no_key,     // a value without a key
  age,
  future,
};

inline constexpr std::size_t flaw_count = 17;

// "not_json"; empty for none.
[[nodiscard]] std::string_view to_string(Flaw flaw);

}  // namespace scops::chouette
