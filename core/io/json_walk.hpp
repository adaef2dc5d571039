// Walking objects and lists with a JsonReader: what is not asked for is skipped, whatever it is, so that
// fields which a later sender adds, and other shapes, are no trouble.
#pragma once

#include <string_view>

#include "core/io/json_reader.hpp"

namespace scops {

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

// The same for the elements of a list that was just opened: `element(token)`.
template <class Element>
bool each_element(JsonReader& json, const Element& element) {
  const int depth = json.depth();
  for (;;) {
    const JsonToken token = json.next();
    if (token == JsonToken::array_end) return true;
    if (token == JsonToken::bad) return false;
    element(token);
    if (!json.leave(depth)) return false;
  }
}

}  // namespace scops
