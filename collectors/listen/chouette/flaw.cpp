#include "collectors/listen/chouette/flaw.hpp"

#include <array>

namespace scops::chouette {

std::string_view to_string(Flaw flaw) {
  constexpr std::array<std::string_view, flaw_count> words{
      "",     "not_utf8", "not_json", "too_deep",  "no_object", "metric", "type", "value", "timestamp",
      "tags", "points",   "interval", "too_large", "no_value",  "no_key", "age",  "future"};
  return words.at(static_cast<std::size_t>(flaw));
}

}  // namespace scops::chouette
