// What an engine's answers have in common: numbers, texts and names, and several documents in a row.
#pragma once

#include <optional>
#include <string_view>

#include "core/io/json_reader.hpp"

namespace scops::docker {

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
