#include "collectors/pull/docker/documents.hpp"

#include <algorithm>
#include <cstddef>

namespace scops::docker {
namespace {

constexpr std::string_view blanks = " \t\r\n";

// Where the object or array at the front ends; npos when it does not. Kinds of brackets are not told apart:
// the parser does that.
std::size_t end_of_nested(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

// The first line after the front's that begins a document.
std::size_t next_start(std::string_view text) {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    if (at + 1 < text.size() && (text[at + 1] == '{' || text[at + 1] == '[')) return at + 1;
  }
  return text.size();
}

}  // namespace

std::string_view cut_document(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(blanks)));
  if (rest.empty()) return {};
  const bool nested = rest.front() == '{' || rest.front() == '[';
  std::size_t length = nested ? end_of_nested(rest) : std::string_view::npos;
  if (length == std::string_view::npos) length = next_start(rest);
  const std::string_view document = rest.substr(0, length);
  rest.remove_prefix(length);
  return document;
}

}  // namespace scops::docker
