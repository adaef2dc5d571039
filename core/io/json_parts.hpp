// The members of a JSON object, or the elements of a list, as they stand in its text: for whoever passes a
// record on as it came, digits and escapes included. Only borders are looked for: texts must end, brackets
// must balance, and between two parts there must be a comma; JsonDoc (json.hpp) is for the meaning. Neither
// recursion nor allocation.
#pragma once

#include <optional>
#include <string_view>

namespace scops {

// Views of the text that was given.
struct JsonPart {
  std::string_view key;    // between its quotes, escapes as they are; empty for an element of a list
  std::string_view value;  // of a text with its quotes
  std::string_view all;    // from the key's first quote to the value's end
};

class JsonParts {
 public:
  // `text` is an object or a list and outlives this.
  explicit JsonParts(std::string_view text);

  // The next part; nothing after the last one, or from where the text is wrong.
  std::optional<JsonPart> next();
  [[nodiscard]] bool of_object() const { return closing_ == '}'; }
  // After the last part: was the text right to its end?
  [[nodiscard]] bool whole() const { return state_ == State::ended && rest_.empty(); }

 private:
  enum class State { opened, between, ended, wrong };

  std::optional<JsonPart> fail();
  bool take_separator();

  std::string_view rest_;
  char closing_ = 0;
  State state_ = State::opened;
};

}  // namespace scops
