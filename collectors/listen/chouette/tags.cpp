#include "collectors/listen/chouette/tags.hpp"

#include <algorithm>

#include "collectors/listen/chouette/python_text.hpp"

namespace scops::chouette {

bool TagReader::read(JsonReader& reader, JsonToken first) {
  clear();
  if (first == JsonToken::object) return read_map(reader);
  if (first == JsonToken::array) return read_list(reader);
  return true;
}

bool TagReader::read_map(JsonReader& reader) {
  keys_.clear();
  JsonToken token = reader.next();
  for (; token == JsonToken::key; token = reader.next()) {
    const std::string_view key = reader.text();
    texts_.open().append(key).append(1, ':');
    if (!append_value(reader, reader.next())) return false;
    const auto known = std::find(keys_.begin(), keys_.end(), key);
    if (known != keys_.end()) {
      texts_.close_as(static_cast<std::size_t>(known - keys_.begin()));
      continue;
    }
    if (keys_.size() == tags_max) return false;
    keys_.push_back(key);
    texts_.close();
  }
  return token == JsonToken::object_end;
}

bool TagReader::read_list(JsonReader& reader) {
  JsonToken token = reader.next();
  for (; token != JsonToken::array_end; token = reader.next()) {
    if (texts_.size() == tags_max || !append_value(reader, token)) return false;
    texts_.close();
  }
  return true;
}

// Appends to the open text; false when the value is bad JSON or the text is now too long.
bool TagReader::append_value(JsonReader& reader, JsonToken first) {
  std::string& text = texts_.open();
  if (first == JsonToken::text) {
    text += reader.text();
  } else if (first == JsonToken::number) {
    append_number(text, reader.text());
  } else if (first == JsonToken::object || first == JsonToken::array) {
    const auto json = reader.source(first);
    if (!json) return false;
    text += *json;
  } else {
    if (first == JsonToken::bad) return false;
    text += first == JsonToken::yes ? "True" : first == JsonToken::no ? "False" : "None";
  }
  return texts_.open_size() <= tag_max;
}

}  // namespace scops::chouette
