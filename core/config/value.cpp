#include "core/config/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "core/config/units.hpp"
#include "core/model/text.hpp"

namespace scops {
namespace {

constexpr std::size_t longest_value = 64 << 10;

Error wrong(std::string text) { return {ErrorKind::refused, std::move(text)}; }

// Line ends and tabs are allowed within: a JSON map may come from a file of several lines.
bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
  });
}

// The row's own spelling of `text`.
Result<std::string> find_choice(const OptionText& row, std::string_view text) {
  const std::vector<std::string_view> choices = split_names(row.choices);
  const auto found = std::find_if(choices.begin(), choices.end(), [&](std::string_view choice) {
    return row.exact_case ? choice == text : iequals(choice, text);
  });
  if (found != choices.end()) return std::string(*found);
  const std::string_view nearest = nearest_name(text, choices);
  return wrong(nearest.empty() ? "not known" : fmt::format("not known, nearest is {}", nearest));
}

// The row's own spelling of the first part of its choices "pods.cpu"; empty when none begins so.
std::string_view find_key(const OptionText& row, std::string_view key) {
  for (std::string_view choice : split_names(row.choices)) {
    const std::string_view known = cut(choice, '.');
    if (row.exact_case ? known == key : iequals(known, key)) return known;
  }
  return {};
}

Result<OptionValue> parse_text(const OptionText& row, std::string_view text) {
  if (has_control(text)) return wrong("has control characters");
  if (row.choices.empty()) return OptionValue(std::string(text));
  Result<std::string> choice = find_choice(row, trim(text));
  if (!choice) return choice.error();
  return OptionValue(*std::move(choice));
}

Result<OptionValue> parse_members(const OptionText& row, std::string_view text) {
  std::optional<TextList> list = parse_list(text);
  if (!list) return wrong("not a JSON list of texts");
  if (row.choices.empty()) return OptionValue(*std::move(list));
  OptionValue value(std::in_place_type<TextList>);
  for (const std::string& member : *list) {
    Result<std::string> choice = find_choice(row, member);
    if (!choice) return within(fmt::format("\"{}\"", printable(member, 40)), choice.error());
    add_once(std::get<TextList>(value), *std::move(choice));
  }
  return value;
}

// {"pods":["cpu"]} for choices "pods.cpu|pods.memory": both parts come back in the spelling of the row.
Result<OptionValue> parse_groups(const OptionText& row, std::string_view text) {
  const std::optional<TextMap> map = parse_map(text);
  if (!map) return wrong("not a JSON object of lists of texts");
  if (row.choices.empty()) return OptionValue(*map);
  OptionValue value(std::in_place_type<TextMap>);
  auto& spelled = std::get<TextMap>(value);
  for (const auto& [key, members] : *map) {
    const std::string_view known = find_key(row, key);
    if (known.empty()) return wrong(fmt::format("\"{}\": not known", printable(key, 40)));
    TextList& list = spelled[std::string(known)];
    for (const std::string& member : members) {
      Result<std::string> choice = find_choice(row, fmt::format("{}.{}", key, member));
      if (!choice) return within(fmt::format("\"{}.{}\"", key, printable(member, 40)), choice.error());
      add_once(list, choice->substr(key.size() + 1));
    }
  }
  return value;
}

// `parse` reads the limits of the row as well; the empty text of a limit that is not set is no number.
template <class Parse>
Result<OptionValue> parse_number(const OptionText& row, std::string_view text, Parse parse,
                                 std::string_view what) {
  const auto value = parse(text);
  if (!value) return wrong(fmt::format("not {}", what));
  const auto min = parse(row.min);
  const auto max = parse(row.max);
  if ((min && *value < *min) || (max && *max < *value)) return wrong("out of range");
  return OptionValue(*value);
}

std::string_view any_value(OptionType type) {
  switch (type) {
    case OptionType::text:
    case OptionType::secret:
      return "text";
    case OptionType::boolean:
      return "true or false";
    case OptionType::integer:
      return "a whole number";
    case OptionType::ratio:
      return "a number or a percentage";
    case OptionType::duration:
      return "a duration";
    case OptionType::bytes:
      return "a number of bytes";
    case OptionType::list:
      return "a JSON list of texts";
    case OptionType::map:
      return "a JSON object of lists of texts";
  }
  return {};
}

// "pods: cpu, memory; node: cpu", of "pods.cpu|pods.memory|node.cpu"
std::string join_groups(std::string_view choices) {
  std::string out;
  std::string_view last;
  for (std::string_view choice : split_names(choices)) {
    const std::string_view key = cut(choice, '.');
    if (key != last) out += fmt::format("{}{}: ", out.empty() ? "" : "; ", key);
    if (key == last) out += ", ";
    out += choice;
    last = key;
  }
  return out;
}

// "a, b or c"
std::string join_choices(std::string_view choices) {
  const std::vector<std::string_view> names = split_names(choices);
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  return out;
}

}  // namespace

Result<OptionValue> parse_value(const Option& option, std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  if (text.size() > longest_value) return wrong("longer than 64 KiB");
  const OptionText& row = option.text;
  switch (option.type) {
    case OptionType::text:
      return parse_text(row, text);
    case OptionType::secret:
      if (has_control(text)) return wrong("has control characters");
      return OptionValue(Secret{std::string(text)});
    case OptionType::boolean:
      return parse_number(row, text, parse_boolean, "true or false");
    case OptionType::integer:
      return parse_number(
          row, text, [](std::string_view digits) { return to_int(trim(digits)); }, "a whole number");
    case OptionType::ratio:
      return parse_number(row, text, parse_ratio, "a number");
    case OptionType::duration:
      return parse_number(row, text, parse_duration, "a duration");
    case OptionType::bytes:
      return parse_number(row, text, parse_bytes, "a number of bytes");
    case OptionType::list:
      return parse_members(row, text);
    case OptionType::map:
      return parse_groups(row, text);
  }
  return Error{ErrorKind::bug, "an option of no type"};
}

std::string print_value(const OptionValue& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::string>)
          return held;
        else if constexpr (std::is_same_v<Held, Secret>)
          return held.text.empty() ? "" : "***";
        else if constexpr (std::is_same_v<Held, double>)
          return print_ratio(held);
        else if constexpr (std::is_same_v<Held, Duration>)
          return print_duration(held);
        else if constexpr (std::is_same_v<Held, Bytes>)
          return print_bytes(held);
        else if constexpr (std::is_same_v<Held, TextList>)
          return print_list(held);
        else if constexpr (std::is_same_v<Held, TextMap>)
          return print_map(held);
        else
          return fmt::format("{}", held);
      },
      value);
}

void store_value(const Option& option, void* settings, OptionValue value) {
  std::visit([place = option.member(settings)](
                 auto& held) { *static_cast<std::decay_t<decltype(held)>*>(place) = std::move(held); },
             value);
}

std::string allowed_values(const OptionText& row, OptionType type) {
  if (type == OptionType::map && !row.choices.empty()) {
    return fmt::format("a JSON object of lists of groups; {}", join_groups(row.choices));
  }
  if (!row.choices.empty()) {
    const std::string choices = join_choices(row.choices);
    return type == OptionType::list ? "a JSON list of " + choices : choices;
  }
  if (!row.min.empty() && !row.max.empty()) return fmt::format("{} to {}", row.min, row.max);
  if (!row.min.empty()) return fmt::format("at least {}", row.min);
  if (!row.max.empty()) return fmt::format("at most {}", row.max);
  return std::string(any_value(type));
}

std::string example_value(const OptionText& row, OptionType type) {
  if (type == OptionType::list && (row.fallback.empty() || row.fallback == "[]")) {
    std::vector<std::string_view> members = split_names(row.choices);
    if (members.empty()) members = {"a", "b"};
    members.resize(std::min<std::size_t>(members.size(), 2));
    return print_list({members.begin(), members.end()});
  }
  const bool says_more = type != OptionType::boolean && type != OptionType::secret;
  const bool is_choice = type == OptionType::text && !row.choices.empty();
  return says_more && !is_choice ? std::string(row.fallback) : std::string();
}

std::vector<std::string_view> split_names(std::string_view separated_by_bars) {
  std::vector<std::string_view> names;
  while (!separated_by_bars.empty()) names.push_back(trim(cut(separated_by_bars, '|')));
  return names;
}

void add_once(TextList& list, std::string member) {
  if (std::find(list.begin(), list.end(), member) == list.end()) list.push_back(std::move(member));
}

}  // namespace scops
