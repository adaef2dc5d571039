// The field "tags" of a record: a map, or a list of whole tags.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "collectors/listen/chouette/texts.hpp"
#include "core/io/json_reader.hpp"

namespace scops::chouette {

inline constexpr std::size_t tag_max = 1024;  // bytes of "key:value"
inline constexpr std::size_t tags_max = 100;  // of one record

class TagReader {
 public:
  void clear() { texts_.clear(); }
  // Reads the value that `first`, the reader's last token, begins. A map gives "key:value" with values as
  // Python's str() writes them, or JSON where they are nested; of equal keys the last counts. A list is taken
  // as it is. Anything else: no tags. False: beyond a limit, or the JSON is bad; the reader is left anywhere.
  [[nodiscard]] bool read(JsonReader& reader, JsonToken first);
  // Sorted; good until the next call.
  [[nodiscard]] std::span<const std::string_view> tags() { return texts_.sorted(); }

 private:
  bool read_map(JsonReader& reader);
  bool read_list(JsonReader& reader);
  bool append_value(JsonReader& reader, JsonToken first);

  Texts texts_;
  std::vector<std::string_view> keys_;  // of the map that the texts come from
};

}  // namespace scops::chouette
