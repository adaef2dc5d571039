#include "core/model/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <system_error>

namespace scops {
namespace {

// Each line of each kernel file goes through these: find_first_of is a call of memchr for each character.
bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_blank_or_end(char c) { return is_blank(c) || c == '\r' || c == '\n'; }

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD in UTF-8

template <class T>
std::optional<T> whole_integer(std::string_view text, int base) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// from_chars says the same for numbers that are too large and too small: which is it? The power of ten of the
// first digit that counts decides.
bool is_tiny(std::string_view number) {
  const std::size_t e = std::min(number.find_first_of("eE"), number.size());
  const std::string_view mantissa = number.substr(0, e);
  const auto first = static_cast<std::int64_t>(mantissa.find_first_not_of("-0."));
  const auto point = static_cast<std::int64_t>(std::min(mantissa.find('.'), mantissa.size()));
  if (e == number.size()) return first > point;
  std::string_view digits = number.substr(e + 1);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const std::optional<std::int64_t> power = to_int(digits);
  // A power this far out outweighs every mantissa that fits into memory.
  constexpr std::int64_t far_out = std::int64_t{1} << 48;
  if (!power || *power > far_out || *power < -far_out) return digits.starts_with('-');
  return *power + (point - first) <= 0;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 0;  // in bytes; 0: the first byte begins no valid UTF-8
};

// The character that `data`, which is not empty, starts with. Refuses overlong forms, surrogates and what
// lies beyond U+10FFFF.
CodePoint first_character(std::string_view data) {
  const auto lead = static_cast<unsigned char>(data[0]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || data.size() < length) return {};
  std::uint32_t value = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(data[i])) return {};
    value = value << 6U | (static_cast<unsigned char>(data[i]) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < smallest.at(length) || surrogate || value > 0x10FFFF) return {};
  return {value, length};
}

// Would it break or garble a line of a log? C0, DEL, C1 and the two line ends that are characters.
bool is_control(std::uint32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029; }

// Longer names are never near to anything: it bounds the work and keeps the rows below on the stack.
constexpr std::size_t longest_name = 64;

// Insertions, deletions, replacements and swaps of neighbours that make `b` of `a`, ignoring case.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, longest_name + 1>, 3> rows{};  // of i, i-1 and i-2, in turn
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0].at(j) = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows.at(i % 3);
    const auto& above = rows.at((i + 2) % 3);
    const auto& two_above = rows.at((i + 1) % 3);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row.at(j) = std::min({above.at(j) + 1, row.at(j - 1) + 1, above.at(j - 1) + (same ? 0 : 1)});
      const bool swapped =
          i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row.at(j) = std::min(row.at(j), two_above.at(j - 2) + 1);
    }
  }
  return rows.at(a.size() % 3).at(b.size());
}

}  // namespace

std::optional<double> to_number(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range && is_tiny(text)) return text.starts_with('-') ? -0.0 : 0.0;
  if (error != std::errc{} || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> to_int(std::string_view text, int base) {
  return whole_integer<std::int64_t>(text, base);
}

std::optional<std::uint64_t> to_uint(std::string_view text, int base) {
  return whole_integer<std::uint64_t>(text, base);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank_or_end(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank_or_end(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view cut(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

std::string_view next_word(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && !is_blank(text[end])) ++end;
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(word.size());
  return word;
}

// Only the last star is ever tried again, one character further: what an earlier star could still take, the
// last one can take as well.
bool glob_match(std::string_view pattern, std::string_view text) {
  constexpr std::size_t none = std::string_view::npos;
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = none;  // the last star of the pattern seen
  std::size_t taken = 0;    // where in the text what follows that star is tried
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      do {
        ++t;  // a whole UTF-8 character
      } while (t < text.size() && is_continuation(text[t]));
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != none) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == none;
}

bool matches_any(std::span<const std::string> patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [text](const std::string& pattern) { return glob_match(pattern, text); });
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

std::string to_upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), upper);
  return out;
}

bool iequals(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view nearest_name(std::string_view wrong, std::span<const std::string_view> known) {
  std::string_view nearest;
  std::size_t smallest = longest_name;
  if (wrong.size() > longest_name) return nearest;
  for (const std::string_view name : known) {
    if (name.size() > longest_name) continue;
    const std::size_t longer = std::max(wrong.size(), name.size());
    const std::size_t least = longer - std::min(wrong.size(), name.size());  // that many are inserted
    if (least >= smallest || least * 3 > longer) continue;
    const std::size_t distance = edit_distance(wrong, name);
    if (distance >= smallest || distance * 3 > longer) continue;
    smallest = distance;
    nearest = name;
  }
  return nearest;
}

std::string printable(std::string_view data, std::size_t limit) {
  std::string out;
  while (!data.empty() && limit-- > 0) {
    const CodePoint c = first_character(data);
    const std::size_t length = std::max<std::size_t>(c.length, 1);
    if (c.length == 0 || is_control(c.value)) {
      out += '?';
    } else {
      out += data.substr(0, length);
    }
    data.remove_prefix(length);
  }
  return out;
}

bool is_utf8(std::string_view data) {
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  while (!data.empty()) {
    std::uint64_t eight = high_bits;  // eight at once, as long as all are ASCII
    if (data.size() >= sizeof eight) std::memcpy(&eight, data.data(), sizeof eight);
    const std::size_t length = (eight & high_bits) == 0 ? sizeof eight : first_character(data).length;
    if (length == 0) return false;
    data.remove_prefix(length);
  }
  return true;
}

std::string to_utf8(std::string_view data) {
  std::string out;
  out.reserve(data.size());
  while (!data.empty()) {
    const std::size_t length = first_character(data).length;
    out += length == 0 ? replacement : data.substr(0, length);
    data.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace scops
