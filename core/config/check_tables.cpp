#include "core/config/check_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "core/config/value.hpp"
#include "core/model/text.hpp"

namespace scops {
namespace {

bool has_order(OptionType type) {
  return type == OptionType::integer || type == OptionType::ratio || type == OptionType::duration ||
         type == OptionType::bytes;
}

// A letter, then letters, digits and underscores; all small, or all capital.
bool well_spelled(std::string_view name, char first_letter, char last_letter) {
  const auto is_letter = [=](char c) { return c >= first_letter && c <= last_letter; };
  return !name.empty() && is_letter(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_sentence(std::string_view help) {
  return help.ends_with('.') && help.find('\n') == std::string_view::npos;
}

class TableCheck {
 public:
  void check(const Section& section);
  std::vector<std::string> take_faults() && { return std::move(faults_); }

 private:
  void check(const Section& section, const Option& option);
  void check_values(const std::string& key, const Option& option);
  void expect(bool fine, std::string_view where, std::string_view fault) {
    if (!fine) faults_.push_back(fmt::format("{}: {}", where, fault));
  }

  std::set<std::string, std::less<>> rooms_;
  std::string_view room_;                                        // of the last section
  std::set<std::string, std::less<>> names_ = {"SCOPS_CONFIG"};  // in capitals
  std::vector<std::string> faults_;
};

void TableCheck::check(const Section& section) {
  expect(well_spelled(section.room, 'a', 'z'), section.room, "room is not in small letters");
  // A room may have several sections, but only one after the other: people read it as one.
  expect(section.room == room_ || rooms_.emplace(section.room).second, section.room, "room is in two places");
  room_ = section.room;
  expect(is_sentence(section.help), section.room, "help is no single line that ends with a period");
  expect(section.settings != nullptr, section.room, "has no settings");
  for (const Option& option : section.options) check(section, option);
}

void TableCheck::check(const Section& section, const Option& option) {
  const std::string key = key_name(section, option);
  expect(well_spelled(option.text.name, 'a', 'z'), key, "name is not in small letters");
  expect(is_sentence(option.text.help), key, "help is no single line that ends with a period");
  expect(option.member != nullptr, key, "has no member");
  expect(names_.insert(environment_name(section, option)).second, key, "environment name is taken");
  for (const std::string_view alias : split_names(option.text.aliases)) {
    expect(well_spelled(alias, 'A', 'Z'), key, fmt::format("alias {} is not in capitals", alias));
    expect(names_.emplace(alias).second, key, fmt::format("alias {} is taken", alias));
  }
  check_values(key, option);
}

void TableCheck::check_values(const std::string& key, const Option& option) {
  const OptionText& row = option.text;
  const bool has_limits = !row.min.empty() || !row.max.empty();
  const bool has_choices =
      option.type == OptionType::text || option.type == OptionType::list || option.type == OptionType::map;
  expect(has_order(option.type) || !has_limits, key, "has limits, but its type has no order");
  expect(has_choices || row.choices.empty(), key, "has choices, but is neither text, list nor map");
  expect(option.type != OptionType::secret || row.fallback.empty(), key, "a secret has no default");
  const auto expect_allowed = [&](std::string_view what, std::string_view text) {
    const Result<OptionValue> value = parse_value(option, text);
    if (!value) expect(false, key, fmt::format("{} '{}' is {}", what, text, value.error().text));
  };
  expect_allowed("default", row.fallback);
  if (!row.min.empty()) expect_allowed("min", row.min);
  if (!row.max.empty()) expect_allowed("max", row.max);
}

}  // namespace

std::vector<std::string> check_tables(std::span<const Section> sections) {
  TableCheck check;
  for (const Section& section : sections) check.check(section);
  return std::move(check).take_faults();
}

}  // namespace scops
