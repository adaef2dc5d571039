// core/model/text.hpp over any bytes: the first line is a pattern, a separator or a name, the rest a text.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/model/text.hpp"

namespace {

void expect(bool fine) {
  if (!fine) std::abort();
}

void check_numbers(std::string_view text) {
  if (const auto number = scops::to_number(text)) expect(std::isfinite(*number));
  if (const auto number = scops::to_int(text)) expect(std::to_string(*number).size() <= text.size());
  if (const auto number = scops::to_uint(text)) expect(scops::to_number(text).has_value());
}

void check_cleaning(std::string_view text) {
  const std::string clean = scops::to_utf8(text);
  expect(scops::to_utf8(clean) == clean);
  const std::string line = scops::printable(text, text.size());
  expect(scops::printable(line, text.size()) == line);
  expect(line.find_first_of("\r\n") == std::string::npos);
  expect(scops::iequals(scops::to_lower(text), scops::to_upper(text)));
}

void check_words(std::string_view text) {
  std::size_t seen = 0;
  for (std::string_view word = scops::next_word(text); !word.empty(); word = scops::next_word(text)) {
    expect(word.find_first_of(" \t") == std::string_view::npos);
    ++seen;
  }
  expect(text.empty() || seen > 0);
}

// Quadratic: enough of it for short names, and for those too long.
void check_names(std::string_view name, std::string_view wrong) {
  if (wrong.size() > 24 && wrong.size() <= 64) return;
  const std::array<std::string_view, 2> known = {name, "host.interval"};
  const std::string_view nearest = scops::nearest_name(wrong, known);
  expect(nearest.empty() || nearest.size() <= 64);
  if (wrong == name && wrong.size() <= 64) expect(nearest == name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  std::string_view text(reinterpret_cast<const char*>(data), size);                  // NOLINT
  const std::string_view first = scops::cut(text, '\n');
  check_numbers(first);
  check_numbers(scops::trim(text));
  check_cleaning(text);
  check_words(text);
  expect(scops::glob_match("*", text));
  if (first.find_first_of("*?") == std::string_view::npos) {
    expect(scops::glob_match(first, text) == (first == text));
  } else {
    (void)scops::glob_match(first, text);
  }
  check_names(first, text);
  return 0;
}
