#include "core/config/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "core/io/json.hpp"
#include "core/model/text.hpp"

namespace scops {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::int64_t second = 1000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t kibi = 1024;
constexpr std::int64_t kilo = 1000;

// Largest first: printing takes the first that divides the value.
constexpr std::array<Unit, 5> duration_units = {{
    {"d", 24 * hour},
    {"h", hour},
    {"m", minute},
    {"s", second},
    {"ms", 1},
}};
constexpr std::array<Unit, 9> byte_units = {{
    {"TiB", kibi* kibi* kibi* kibi},
    {"GiB", kibi* kibi* kibi},
    {"MiB", kibi* kibi},
    {"KiB", kibi},
    {"TB", kilo* kilo* kilo* kilo},
    {"GB", kilo* kilo* kilo},
    {"MB", kilo* kilo},
    {"KB", kilo},
    {"B", 1},
}};

constexpr double largest = 9007199254740992.0;  // 2^53: no double in between two whole numbers is lost

// Digits, then the name of a unit; without a name the number counts `bare`.
template <class Units, class SameName>
std::optional<std::int64_t> parse_quantity(std::string_view text, const Units& units, std::int64_t bare,
                                           SameName same_name) {
  text = trim(text);
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::optional<double> number = to_number(text.substr(0, end));
  if (!number) return std::nullopt;
  const std::string_view name = trim(text.substr(end));
  std::int64_t factor = name.empty() ? bare : 0;
  for (const Unit& unit : units) {
    if (same_name(unit.name, name)) factor = unit.factor;
  }
  const double value = *number * static_cast<double>(factor);
  if (factor == 0 || value > largest) return std::nullopt;
  const std::int64_t whole = std::llround(value);
  if (whole == 0 && value > 0) return std::nullopt;  // a little is not nothing
  return whole;
}

template <class Units>
std::string print_quantity(std::int64_t value, const Units& units) {
  const auto* const fits = std::find_if(units.begin(), units.end() - 1,
                                        [value](const Unit& unit) { return value % unit.factor == 0; });
  return fmt::format("{}{}", value / fits->factor, fits->name);
}

template <class Words>
bool contains(const Words& words, std::string_view text) {
  return std::any_of(words.begin(), words.end(),
                     [text](std::string_view word) { return iequals(word, text); });
}

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) {
  constexpr std::array<std::string_view, 4> yes = {"true", "yes", "on", "1"};
  constexpr std::array<std::string_view, 4> no = {"false", "no", "off", "0"};
  text = trim(text);
  if (contains(yes, text)) return true;
  if (contains(no, text)) return false;
  return std::nullopt;
}

std::optional<double> parse_ratio(std::string_view text) {
  text = trim(text);
  if (!text.ends_with('%')) return to_number(text);
  text.remove_suffix(1);
  const std::optional<double> percent = to_number(trim(text));
  if (!percent) return std::nullopt;
  return *percent / 100;
}

std::optional<Duration> parse_duration(std::string_view text) {
  // Exact case: 5M could be months or megabytes to its writer.
  const auto value = parse_quantity(text, duration_units, second, std::equal_to<>{});
  if (!value) return std::nullopt;
  return Duration(*value);
}

std::optional<Bytes> parse_bytes(std::string_view text) {
  const auto value = parse_quantity(text, byte_units, 1, iequals);
  if (!value) return std::nullopt;
  return Bytes{static_cast<std::uint64_t>(*value)};
}

namespace {

std::optional<TextList> list_of(JsonDoc::Value value) {
  if (!value.is_array()) return std::nullopt;
  TextList list;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const JsonDoc::Value member = value.at(i);
    if (member.text()) {
      list.push_back(*member.text());
    } else if (member.number()) {
      append_json_number(list.emplace_back(), *member.number());
    } else {
      return std::nullopt;
    }
  }
  return list;
}

}  // namespace

std::optional<TextList> parse_list(std::string_view text) {
  const Result<JsonDoc> doc = JsonDoc::parse(text, 1);
  return doc ? list_of(doc->root()) : std::nullopt;
}

std::optional<TextMap> parse_map(std::string_view text) {
  const Result<JsonDoc> doc = JsonDoc::parse(text, 2);
  if (!doc || !doc->root().is_object()) return std::nullopt;
  TextMap map;
  for (const std::string& key : doc->root().keys()) {
    std::optional<TextList> list = list_of(doc->root()[key]);
    if (!list) return std::nullopt;
    map[key] = *std::move(list);
  }
  return map;
}

std::string print_ratio(double value) {
  std::string out;
  append_json_number(out, value);
  return out;
}

std::string print_duration(Duration value) {
  return value.count() == 0 ? "0s" : print_quantity(value.count(), duration_units);
}

std::string print_bytes(Bytes value) {
  // Plain when no unit makes it shorter, as for 0 and 1500.
  const auto count = static_cast<std::int64_t>(value.count);
  std::string plain = fmt::format("{}", count);
  std::string with_unit = print_quantity(count, byte_units);
  return count == 0 || with_unit.size() > plain.size() ? plain : with_unit;
}

std::string print_list(const TextList& value) {
  std::string out = "[";
  for (const std::string& member : value) {
    if (out.size() > 1) out += ',';
    append_json_string(out, member);
  }
  out += ']';
  return out;
}

std::string print_map(const TextMap& value) {
  std::string out = "{";
  for (const auto& [key, list] : value) {
    if (out.size() > 1) out += ',';
    append_json_string(out, key);
    out.append(":").append(print_list(list));
  }
  out += '}';
  return out;
}

}  // namespace scops
