// Walking an engine's answers with the pull parser: what is not asked for is skipped, whatever it is, so that
// a later engine's new fields and other shapes are no trouble.
#pragma once

#include <optional>
#include <string_view>

#include "core/io/json_reader.hpp"

namespace scops::docker {

// Calls `member(key, token)` for each member of the object that was just opened; it may read the value that
// begins with `token`, or leave it. False when the text turns out bad.
template <class Member>
bool each_member(JsonReader& json, const Member& member) {
  const int depth = json.depth();
  for (;;) {
    const JsonToken token = json.next();
    if (token == JsonToken::object_end) return true;
    if (token != JsonToken::key) return false;
    const std::string_view key = json.text();
    const JsonToken value = json.next();
    if (value == JsonToken::bad) return false;
    member(key, value);
    if (!json.leave(depth)) return false;
  }
}

// The same for the elements of an array that was just opened: `element(token)`.
template <class Element>
bool each_element(JsonReader& json, const Element& element) {
  const int depth = json.depth();
  for (;;) {
    const JsonToken token = json.next();
    if (token == JsonToken::array_end) return true;
    if (token == JsonToken::bad || token == JsonToken::end) return false;
    element(token);
    if (!json.leave(depth)) return false;
  }
}

// A counter or size; nothing for null, text and what is below zero.
inline std::optional<double> count_of(const JsonReader& json, JsonToken token) {
  if (token != JsonToken::number) return std::nullopt;
  const std::optional<double> value = json.number();
  return value && *value >= 0 ? value : std::nullopt;
}

inline std::string_view text_of(const JsonReader& json, JsonToken token) {
  return token == JsonToken::text ? json.text() : std::string_view();
}

// Names of containers come as "/web".
inline std::string_view without_slash(std::string_view name) {
  if (name.starts_with('/')) name.remove_prefix(1);
  return name;
}

// Cuts the next JSON text off the front of `rest`, in which several may follow each other with or without
// blanks between them; empty at the end. A broken one ends where a line begins another.
std::string_view cut_document(std::string_view& rest);

}  // namespace scops::docker
