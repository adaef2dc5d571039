// Reads a JSON text (RFC 8259, strictly, UTF-8 only) token by token, for records that come by the hundred
// thousand: no tree, no exceptions, no recursion, and no allocation once the buffer has grown. JsonDoc
// (json.hpp) is for the rest. docs/decisions/053 has the numbers.
//
//   JsonReader reader;
//   reader.start(record);
//   if (reader.next() != JsonToken::object) ...
//   while ((token = reader.next()) == JsonToken::key) { name = reader.text(); token = reader.next(); ... }
//   done = token == JsonToken::object_end && reader.next() == JsonToken::end
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scops {

enum class JsonToken : std::uint8_t {
  object,
  object_end,
  array,
  array_end,
  key,
  text,
  number,
  yes,
  no,
  null,
  end,  // of the whole text
  bad,  // no JSON, or nested too deep; from here on it stays so
};

class JsonReader {
 public:
  // At most 63 levels.
  explicit JsonReader(int max_depth = 32) : max_depth_(max_depth) {}

  // Begins with another text, which must outlive its reading.
  void start(std::string_view json);
  JsonToken next();

  // What the last token says: a key or text without escapes, a number as it is written. Views of this text
  // stay good until the next start().
  [[nodiscard]] std::string_view text() const { return text_; }
  // The number of the last token; nothing when it is beyond what a double holds. What is too small is 0.
  [[nodiscard]] std::optional<double> number() const;

  // How many objects and arrays are open.
  [[nodiscard]] int depth() const { return depth_; }
  // Reads on until no more than `depth` are open; false when the text turns out bad.
  bool leave(int depth);
  // The whole of the value that the last token, `first`, begins, as it is written; nothing when it is bad.
  std::optional<std::string_view> source(JsonToken first);

  [[nodiscard]] bool too_deep() const { return too_deep_; }
  [[nodiscard]] bool bad_utf8() const { return bad_utf8_; }

 private:
  enum class Expect : std::uint8_t { value, first_element, first_key, more, nothing };

  JsonToken fail();
  JsonToken open(JsonToken token);
  JsonToken close(JsonToken token);
  JsonToken read_value();
  JsonToken read_key();
  JsonToken read_more();
  JsonToken read_number();
  JsonToken read_word(std::string_view word, JsonToken token);
  bool read_string();
  bool read_escapes(std::size_t from);
  bool read_escape();
  bool read_unicode();
  bool read_digits();
  std::optional<std::uint32_t> read_hex();
  void skip_blanks();
  bool take(char c);
  [[nodiscard]] bool in_object() const { return (objects_ & 1U) != 0; }

  std::string_view json_;
  std::size_t at_ = 0;
  std::size_t began_ = 0;  // where the last token begins
  std::string_view text_;
  std::string unescaped_;      // never longer than json_, so that views of it stay good
  std::uint64_t objects_ = 0;  // a bit a level, the innermost first: is it an object?
  int depth_ = 0;
  int max_depth_;
  Expect expect_ = Expect::nothing;
  bool too_deep_ = false;
  bool bad_utf8_ = false;
};

}  // namespace scops
