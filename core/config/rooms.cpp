#include "core/config/rooms.hpp"

#include <fmt/format.h>

#include "core/config/value.hpp"
#include "core/model/text.hpp"

namespace scops {

std::vector<Room> rooms_of(std::span<const Section> sections) {
  std::vector<Room> rooms;
  for (const Section& section : sections) {
    if (rooms.empty() || rooms.back().name != section.room) {
      rooms.push_back({.name = section.room, .help = section.help});
    }
    for (const Option& option : section.options) rooms.back().rows.push_back({&section, &option});
  }
  return rooms;
}

std::string help_and_allowed(const Option& option) {
  const bool any_text = option.type == OptionType::text || option.type == OptionType::secret;
  if (any_text && option.text.choices.empty()) return std::string(option.text.help);
  return fmt::format("{} Allowed: {}.", option.text.help, allowed_values(option.text, option.type));
}

std::vector<std::string> environment_names(const Section& section, const Option& option) {
  std::vector<std::string> names = {environment_name(section, option)};
  for (const std::string_view alias : split_names(option.text.aliases)) names.emplace_back(alias);
  return names;
}

}  // namespace scops
