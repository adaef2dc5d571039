#include "core/io/json_reader.hpp"

#include "core/model/text.hpp"

namespace scops {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Ends the part of a string that can be taken as it is; bytes above 0x7F were checked before.
bool is_plain(char c) { return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20; }

void append_utf8(std::string& into, std::uint32_t c) {
  const auto add = [&into](std::uint32_t byte) { into += static_cast<char>(byte); };
  const auto follow = [&](unsigned shift) { add(0x80U | (c >> shift & 0x3FU)); };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xC0U | c >> 6U), follow(0);
  } else if (c < 0x10000) {
    add(0xE0U | c >> 12U), follow(6), follow(0);
  } else {
    add(0xF0U | c >> 18U), follow(12), follow(6), follow(0);
  }
}

}  // namespace

void JsonReader::start(std::string_view json) {
  json_ = json;
  at_ = began_ = 0;
  text_ = {};
  unescaped_.clear();
  unescaped_.reserve(json.size());
  objects_ = 0;
  depth_ = 0;
  too_deep_ = false;
  bad_utf8_ = !is_utf8(json);
  expect_ = bad_utf8_ ? Expect::nothing : Expect::value;
}

JsonToken JsonReader::next() {
  skip_blanks();
  began_ = at_;
  switch (expect_) {
    case Expect::value:
      return read_value();
    case Expect::first_element:
      return take(']') ? close(JsonToken::array_end) : read_value();
    case Expect::first_key:
      return take('}') ? close(JsonToken::object_end) : read_key();
    case Expect::more:
      return read_more();
    case Expect::nothing:
      break;
  }
  return fail();
}

std::optional<double> JsonReader::number() const { return to_number(text_); }

bool JsonReader::leave(int depth) {
  while (depth_ > depth) next();
  return expect_ != Expect::nothing;
}

std::optional<std::string_view> JsonReader::source(JsonToken first) {
  const std::size_t begin = began_;
  const bool nested = first == JsonToken::object || first == JsonToken::array;
  if (!leave(nested ? depth_ - 1 : depth_)) return std::nullopt;
  return json_.substr(begin, at_ - begin);
}

JsonToken JsonReader::fail() {
  expect_ = Expect::nothing;
  depth_ = 0;
  return JsonToken::bad;
}

JsonToken JsonReader::open(JsonToken token) {
  if (depth_ == max_depth_) {
    too_deep_ = true;
    return fail();
  }
  ++depth_;
  const bool object = token == JsonToken::object;
  objects_ = objects_ << 1U | (object ? 1U : 0U);
  expect_ = object ? Expect::first_key : Expect::first_element;
  return token;
}

JsonToken JsonReader::close(JsonToken token) {
  --depth_;
  objects_ >>= 1U;
  expect_ = Expect::more;
  return token;
}

JsonToken JsonReader::read_value() {
  if (at_ == json_.size()) return fail();
  expect_ = Expect::more;
  switch (json_[at_]) {
    case '{':
      ++at_;
      return open(JsonToken::object);
    case '[':
      ++at_;
      return open(JsonToken::array);
    case '"':
      ++at_;
      return read_string() ? JsonToken::text : fail();
    case 't':
      return read_word("true", JsonToken::yes);
    case 'f':
      return read_word("false", JsonToken::no);
    case 'n':
      return read_word("null", JsonToken::null);
    default:
      return read_number();
  }
}

JsonToken JsonReader::read_key() {
  if (!take('"') || !read_string()) return fail();
  skip_blanks();
  if (!take(':')) return fail();
  expect_ = Expect::value;
  return JsonToken::key;
}

// What follows a value.
JsonToken JsonReader::read_more() {
  if (depth_ == 0) return at_ == json_.size() ? JsonToken::end : fail();
  if (take(',')) {
    skip_blanks();
    began_ = at_;
    return in_object() ? read_key() : read_value();
  }
  if (in_object()) return take('}') ? close(JsonToken::object_end) : fail();
  return take(']') ? close(JsonToken::array_end) : fail();
}

//   -? (0 | 1-9 digits) (. digits)? (e +-? digits)?
JsonToken JsonReader::read_number() {
  const std::size_t begin = at_;
  take('-');
  if (!take('0') && !read_digits()) return fail();
  if (take('.') && !read_digits()) return fail();
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    if (!read_digits()) return fail();
  }
  text_ = json_.substr(begin, at_ - begin);
  return JsonToken::number;
}

JsonToken JsonReader::read_word(std::string_view word, JsonToken token) {
  if (json_.substr(at_, word.size()) != word) return fail();
  at_ += word.size();
  return token;
}

// The rest of a string behind its first quote.
bool JsonReader::read_string() {
  const std::size_t begin = at_;
  while (at_ < json_.size() && is_plain(json_[at_])) ++at_;
  if (at_ == json_.size()) return false;
  if (json_[at_] != '"') return read_escapes(begin);
  text_ = json_.substr(begin, at_++ - begin);
  return true;
}

// The same for one with escapes, of which the part from `from` on has been seen.
bool JsonReader::read_escapes(std::size_t from) {
  const std::size_t kept = unescaped_.size();
  for (;;) {
    unescaped_.append(json_, from, at_ - from);
    if (at_ == json_.size()) return false;
    if (take('"')) break;
    if (!take('\\') || !read_escape()) return false;
    from = at_;
    while (at_ < json_.size() && is_plain(json_[at_])) ++at_;
  }
  text_ = std::string_view(unescaped_).substr(kept);
  return true;
}

bool JsonReader::read_escape() {
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  if (at_ == json_.size()) return false;
  if (take('u')) return read_unicode();
  const std::size_t index = letters.find(json_[at_++]);
  if (index == std::string_view::npos) return false;
  unescaped_ += meanings[index];
  return true;
}

// Characters beyond 16 bits are two escapes. One half alone is no character, but JSON's grammar has it, and
// Python writes it for a byte that is no UTF-8 in a file's name: U+FFFD.
bool JsonReader::read_unicode() {
  constexpr std::uint32_t replacement = 0xFFFD;
  const auto c = read_hex();
  if (!c) return false;
  const bool high = *c >= 0xD800 && *c <= 0xDBFF;
  const bool half = *c >= 0xD800 && *c <= 0xDFFF;
  const std::size_t behind = at_;
  if (high && take('\\') && take('u')) {
    const auto low = read_hex();
    if (!low) return false;
    if (*low >= 0xDC00 && *low <= 0xDFFF) {
      append_utf8(unescaped_, 0x10000U + ((*c & 0x3FFU) << 10U) + (*low & 0x3FFU));
      return true;
    }
  }
  at_ = behind;
  append_utf8(unescaped_, half ? replacement : *c);
  return true;
}

std::optional<std::uint32_t> JsonReader::read_hex() {
  const auto value = json_.size() - at_ < 4 ? std::nullopt : to_uint(json_.substr(at_, 4), 16);
  if (!value) return std::nullopt;
  at_ += 4;
  return static_cast<std::uint32_t>(*value);
}

bool JsonReader::read_digits() {
  const std::size_t begin = at_;
  while (at_ < json_.size() && is_digit(json_[at_])) ++at_;
  return at_ > begin;
}

void JsonReader::skip_blanks() {
  while (at_ < json_.size()) {
    const char c = json_[at_];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
    ++at_;
  }
}

bool JsonReader::take(char c) {
  if (at_ == json_.size() || json_[at_] != c) return false;
  ++at_;
  return true;
}

}  // namespace scops
