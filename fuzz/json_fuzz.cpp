// core/io/json.hpp over any bytes. What parses is walked, and its texts and numbers must survive being
// written and read again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/io/json.hpp"

namespace {

using Value = scops::JsonDoc::Value;

void expect(bool fine) {
  if (!fine) std::abort();
}

void check_text(const std::string& text) {
  std::string written;
  scops::append_json_string(written, text);
  const auto again = scops::JsonDoc::parse(written);
  expect(again.has_value() && again->root().text() == text);
}

void check_number(double number) {
  std::string written;
  scops::append_json_number(written, number);
  const auto again = scops::JsonDoc::parse(written);
  expect(again.has_value() && again->root().number() == number);
}

void walk(Value value, int depth) {  // NOLINT(misc-no-recursion): as deep as the parser allows
  expect(depth <= 16);
  if (const auto text = value.text()) check_text(*text);
  if (const auto number = value.number()) check_number(*number);
  (void)value.boolean();
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) walk(value.at(i), depth + 1);
  }
  for (const std::string& key : value.keys()) {
    check_text(key);
    walk(value[key], depth + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  const std::string_view text(reinterpret_cast<const char*>(data), size);            // NOLINT
  const auto doc = scops::JsonDoc::parse(text, 16);
  if (doc) {
    walk(doc->root(), 0);
  } else {
    expect(doc.error().kind == scops::ErrorKind::drop && !doc.error().text.empty());
  }
  std::string written;
  scops::append_json_string(written, text);
  expect(scops::JsonDoc::parse(written).has_value());
  return 0;
}
