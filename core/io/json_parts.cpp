#include "core/io/json_parts.hpp"

#include <cstddef>

namespace scops {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void skip_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

// All of these give the length of what `text` begins with, 0 when it begins with nothing of that sort.

std::size_t string_length(std::string_view text) {
  if (!text.starts_with('"')) return 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (static_cast<unsigned char>(text[i]) < 0x20) return 0;
    if (text[i] == '\\') ++i;
  }
  return 0;
}

std::size_t nested_length(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (--depth == 0) return i + 1;
        break;
      case '"': {
        const std::size_t length = string_length(text.substr(i));
        if (length == 0) return 0;
        i += length - 1;
        break;
      }
      default:
        break;
    }
  }
  return 0;
}

// Numbers, true, false, null.
std::size_t word_length(std::string_view text) {
  const std::size_t end = text.find_first_not_of("+-.0123456789aEeflnrstu");
  return end == std::string_view::npos ? text.size() : end;
}

std::size_t value_length(std::string_view text) {
  if (text.starts_with('"')) return string_length(text);
  if (text.starts_with('{') || text.starts_with('[')) return nested_length(text);
  return word_length(text);
}

}  // namespace

JsonParts::JsonParts(std::string_view text) : rest_(text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";  // JsonDoc skips it too
  if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
  skip_blanks(rest_);
  if (rest_.starts_with('{')) {
    closing_ = '}';
  } else if (rest_.starts_with('[')) {
    closing_ = ']';
  } else {
    state_ = State::wrong;
    return;
  }
  rest_.remove_prefix(1);
}

std::optional<JsonPart> JsonParts::next() {
  if (state_ == State::ended || state_ == State::wrong || !take_separator()) return std::nullopt;
  JsonPart part;
  const char* begin = rest_.data();
  if (closing_ == '}') {
    const std::size_t length = string_length(rest_);
    if (length == 0) return fail();
    part.key = rest_.substr(1, length - 2);
    rest_.remove_prefix(length);
    skip_blanks(rest_);
    if (!rest_.starts_with(':')) return fail();
    rest_.remove_prefix(1);
    skip_blanks(rest_);
  }
  const std::size_t length = value_length(rest_);
  if (length == 0) return fail();
  part.value = rest_.substr(0, length);
  rest_.remove_prefix(length);
  part.all = {begin, static_cast<std::size_t>(rest_.data() - begin)};
  return part;
}

// Goes to where the next part begins. False when there is none.
bool JsonParts::take_separator() {
  skip_blanks(rest_);
  if (rest_.starts_with(closing_)) {
    rest_.remove_prefix(1);
    skip_blanks(rest_);
    state_ = State::ended;
    return false;
  }
  if (state_ == State::between) {
    if (!rest_.starts_with(',')) {
      state_ = State::wrong;
      return false;
    }
    rest_.remove_prefix(1);
    skip_blanks(rest_);
  }
  state_ = State::between;
  return true;
}

std::optional<JsonPart> JsonParts::fail() {
  state_ = State::wrong;
  return std::nullopt;
}

}  // namespace scops
