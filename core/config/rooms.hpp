// The option tables as readers see them: what describe.cpp and manual.cpp print.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/option.hpp"

namespace scops {

// The options of one room: sections that follow each other under the same name are one to a reader.
struct Room {
  struct Row {
    const Section* section;
    const Option* option;
  };
  std::string_view name;
  std::string_view help;
  std::vector<Row> rows = {};
};

// Both outlive neither `sections` nor the tables behind them.
[[nodiscard]] std::vector<Room> rooms_of(std::span<const Section> sections);

// "Root of procfs.", with " Allowed: ..." where not every text is.
[[nodiscard]] std::string help_and_allowed(const Option& option);

// The canonical name first, then the aliases.
[[nodiscard]] std::vector<std::string> environment_names(const Section& section, const Option& option);

}  // namespace scops
