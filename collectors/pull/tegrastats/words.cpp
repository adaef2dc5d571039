#include "collectors/pull/tegrastats/words.hpp"

#include <algorithm>
#include <array>

#include "core/model/text.hpp"

namespace scops::tegrastats {
namespace {

constexpr std::size_t name_max = 64;
constexpr double clock_max = 100'000;            // MHz
constexpr std::uint64_t memory_max = 1U << 30U;  // of any unit: nobody has a PiB
constexpr std::int64_t power_max = 1'000'000'000;
constexpr double coldest = -100;  // -256 stands for a sensor without power
constexpr double hottest = 200;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view skip_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

// Takes an ending off, whatever its case.
bool cut_ending(std::string_view& text, std::string_view ending) {
  if (text.size() < ending.size() || !iequals(text.substr(text.size() - ending.size()), ending)) return false;
  text.remove_suffix(ending.size());
  return true;
}

std::optional<std::uint64_t> unit_of(std::string_view& text) {
  if (cut_ending(text, "kB")) return std::uint64_t{1} << 10U;
  if (cut_ending(text, "MB")) return std::uint64_t{1} << 20U;
  if (cut_ending(text, "GB")) return std::uint64_t{1} << 30U;
  return std::nullopt;
}

std::optional<double> to_bytes(std::string_view digits, std::uint64_t unit) {
  const std::optional<std::uint64_t> number = to_uint(digits);
  if (!number || *number > memory_max) return std::nullopt;
  return static_cast<double>(*number * unit);
}

//   lfb 3x4MB      cached 0MB      lfb 128kb
void parse_note(std::string_view note, Memory& into) {
  const std::string_view label = next_word(note);
  std::string_view size = trim(note);
  const std::optional<std::uint64_t> unit = unit_of(size);
  if (!unit) return;
  const std::size_t times = size.find('x');
  std::optional<std::uint64_t> count;
  if (times != std::string_view::npos) {
    count = to_uint(size.substr(0, times));
    if (!count || *count > memory_max) return;
    size.remove_prefix(times + 1);
  }
  into.size = to_bytes(size, *unit);
  if (!into.size) return;
  if (count) into.count = static_cast<double>(*count);
  into.label = label;
}

// Digits, with a fraction if need be: no exponents, no signs.
bool is_decimal(std::string_view text) {
  return !text.empty() && is_digit(text.front()) && is_digit(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
}

std::optional<double> degrees(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (!is_decimal(text)) return std::nullopt;
  const std::optional<double> number = to_number(text);
  return number && negative ? -*number : number;
}

std::optional<double> plausible(std::optional<double> celsius) {
  if (!celsius || *celsius <= coldest || *celsius >= hottest) return std::nullopt;
  return celsius;
}

bool is_load(std::string_view text) { return cut_ending(text, "%") && is_decimal(text); }
bool is_clock(std::string_view text) { return text == "-1" || iequals(text, "off") || is_decimal(text); }

bool all_members(std::string_view list, bool (*fits)(std::string_view)) {
  while (!list.empty()) {
    if (!fits(trim(cut(list, ',')))) return false;
  }
  return true;
}

// Takes the brackets off; true when there were some.
bool unwrap(std::string_view& list) {
  if (list.size() < 2 || list.front() != '[' || list.back() != ']') return false;
  list = list.substr(1, list.size() - 2);
  return true;
}

}  // namespace

std::optional<Value> next_value(std::string_view rest) {
  rest = skip_blanks(rest);
  if (rest.empty()) return std::nullopt;
  std::size_t end = 0;
  if (rest.front() == '[') {
    end = rest.find(']');
    if (end == std::string_view::npos) return std::nullopt;
  }
  while (end < rest.size() && !is_blank(rest[end]) && rest[end] != '(') ++end;
  return Value{.text = rest.substr(0, end), .rest = rest.substr(end)};
}

bool is_name(std::string_view word) {
  return word.size() <= name_max && std::any_of(word.begin(), word.end(), is_letter) &&
         (is_letter(word.front()) || is_digit(word.front())) &&
         std::all_of(word.begin(), word.end(), [](char c) {
           return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '+';
         });
}

std::optional<Memory> parse_memory(const Value& value) {
  std::string_view total = value.text;
  const std::string_view used = cut(total, '/');
  const std::optional<std::uint64_t> unit = unit_of(total);
  if (!unit) return std::nullopt;
  const std::optional<double> used_bytes = to_bytes(used, *unit);
  const std::optional<double> total_bytes = to_bytes(total, *unit);
  if (!used_bytes || !total_bytes || *used_bytes > *total_bytes) return std::nullopt;
  Memory memory{.used = *used_bytes, .total = *total_bytes, .label = {}, .count = {}, .size = {}, .rest = {}};
  memory.rest = value.rest;
  const std::string_view note = skip_blanks(value.rest);
  const std::size_t end = note.find(')');
  if (note.starts_with('(') && end != std::string_view::npos) {
    parse_note(note.substr(1, end - 1), memory);
    memory.rest = note.substr(end + 1);
  }
  return memory;
}

std::optional<Celsius> parse_celsius(std::string_view text) {
  std::array<std::optional<double>, 2> numbers;
  for (std::optional<double>& number : numbers) {
    if (text.empty()) break;
    std::string_view part = cut(text, '/');
    if (!cut_ending(part, "C")) return std::nullopt;
    number = degrees(part);
    if (!number) return std::nullopt;
  }
  if (!text.empty() || !numbers[0]) return std::nullopt;
  return Celsius{.current = plausible(numbers[0]), .highest = plausible(numbers[1])};
}

std::optional<Milliwatts> parse_milliwatts(std::string_view text) {
  const bool has_unit = text.size() > 2 && iequals(text.substr(text.size() - 2), "mW");
  std::array<std::optional<double>, 3> numbers;
  for (std::optional<double>& number : numbers) {
    if (text.empty()) break;
    std::string_view part = cut(text, '/');
    if (cut_ending(part, "mW") != has_unit) return std::nullopt;
    const std::optional<std::int64_t> read = to_int(part);
    if (!read || *read < -power_max || *read > power_max) return std::nullopt;
    number = static_cast<double>(*read);
  }
  // A number without a unit is a power only when there are two.
  if (!text.empty() || !numbers[0] || (!has_unit && !numbers[1])) return std::nullopt;
  return Milliwatts{.current = numbers[0], .average = numbers[1], .highest = numbers[2]};
}

std::optional<Figures> parse_figures(std::string_view text) {
  Figures figures;
  if (iequals(text, "off")) {
    figures.off = true;
    return figures;
  }
  const std::size_t at = text.find('@');
  if (at != std::string_view::npos) {
    figures.loads = text.substr(0, at);
    figures.clocks = text.substr(at + 1);
    figures.clock_list = unwrap(figures.clocks);
    if (figures.clocks.empty()) return std::nullopt;
  } else if (text.find('%') != std::string_view::npos) {
    figures.loads = text;
  } else {
    figures.clocks = text;
    figures.bare = true;
  }
  unwrap(figures.loads);
  if (!all_members(figures.loads, is_load) || !all_members(figures.clocks, is_clock)) return std::nullopt;
  return figures;
}

std::optional<double> next_load(std::string_view& loads) {
  std::string_view text = trim(cut(loads, ','));
  if (!cut_ending(text, "%") || !is_decimal(text)) return std::nullopt;
  const std::optional<double> load = to_number(text);
  return load && *load <= 100 ? load : std::nullopt;
}

std::optional<double> next_clock(std::string_view& clocks) {
  const std::string_view text = trim(cut(clocks, ','));
  if (!is_decimal(text)) return std::nullopt;
  const std::optional<double> clock = to_number(text);
  return clock && *clock <= clock_max ? clock : std::nullopt;
}

std::optional<Cores> parse_cores(std::string_view text) {
  const std::size_t end = text.find(']');
  if (!text.starts_with('[') || end == std::string_view::npos) return std::nullopt;
  Cores cores{.list = text.substr(1, end - 1), .clock = text.substr(end + 1)};
  if (cores.clock.empty()) return cores;
  if (!cores.clock.starts_with('@')) return std::nullopt;
  cores.clock.remove_prefix(1);
  return cores;
}

std::optional<Core> next_core(Cores& cores) {
  std::string_view clock = trim(cut(cores.list, ','));
  if (iequals(clock, "off")) return Core{.off = true, .load = {}, .clock = {}};
  std::string_view load = cut(clock, '@');
  if (!is_load(load) || (!clock.empty() && !is_clock(clock))) return std::nullopt;
  if (clock.empty()) clock = cores.clock;
  return Core{.off = false, .load = next_load(load), .clock = next_clock(clock)};
}

}  // namespace scops::tegrastats
