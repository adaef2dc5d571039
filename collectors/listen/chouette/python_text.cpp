#include "collectors/listen/chouette/python_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <optional>

#include "core/model/text.hpp"

namespace scops::chouette {
namespace {

bool is_integer(std::string_view literal) { return literal.find_first_of(".eE") == std::string_view::npos; }

// As repr(float) does, but for the point that tells 3.0 from 3.
void append_shortest(std::string& into, double value) {
  fmt::format_to(std::back_inserter(into), "{}", value);
}

void append_canonical(std::string& into, double value) {
  constexpr double always_exact = 1e15;
  if (std::fabs(value) < always_exact && std::trunc(value) == value) {
    fmt::format_to(std::back_inserter(into), "{:.0f}", value == 0 ? 0.0 : value);  // -0 is 0
  } else {
    append_shortest(into, value);
  }
}

}  // namespace

void append_number(std::string& into, std::string_view literal) {
  if (is_integer(literal)) {
    into += literal == "-0" ? "0" : literal;
    return;
  }
  const std::optional<double> value = to_number(literal);
  if (!value) {
    into += literal.starts_with('-') ? "-inf" : "inf";
    return;
  }
  const std::size_t begin = into.size();
  append_shortest(into, *value);
  if (into.find_first_of(".e", begin) == std::string::npos) into += ".0";
}

void append_canonical_number(std::string& into, std::string_view literal) {
  const std::optional<double> value = to_number(literal);
  if (!value) {
    into += is_integer(literal) ? literal : literal.starts_with('-') ? "-inf" : "inf";
    return;
  }
  // An integer that no double holds exactly is equal to no float.
  constexpr std::size_t surely_exact = 15;
  if (is_integer(literal) && literal.size() > surely_exact && fmt::format("{:.0f}", *value) != literal) {
    into += literal;
  } else {
    append_canonical(into, *value);
  }
}

void append_without_blanks(std::string& into, std::string_view json) {
  bool in_text = false;
  bool escaped = false;
  for (const char c : json) {
    if (!in_text && (c == ' ' || c == '\n' || c == '\r' || c == '\t')) continue;
    into += c;
    if (escaped) {
      escaped = false;
    } else if (in_text && c == '\\') {
      escaped = true;
    } else if (c == '"') {
      in_text = !in_text;
    }
  }
}

}  // namespace scops::chouette
