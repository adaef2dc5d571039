// The settings part of the manual page, in the man(7) macros.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/config/option.hpp"

namespace scops {

// A room is a subsection (.SS), an option a paragraph with its default, help and environment names.
[[nodiscard]] std::string manual_of_options(std::span<const Section> sections);

// One line of text with what roff gives a meaning escaped.
[[nodiscard]] std::string roff(std::string_view text);

}  // namespace scops
