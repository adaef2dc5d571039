// Everything that people read about options, printed from the tables.
#pragma once

#include <span>
#include <string>

#include "core/config/load.hpp"
#include "core/config/option.hpp"

namespace scops {

// The settings part of --help: by room, at most 100 columns where words can be broken.
[[nodiscard]] std::string describe_help(std::span<const Section> sections);

// `scops config`: name, value, origin; secrets as ***.
[[nodiscard]] std::string describe_effective(const Loaded& loaded);

// The same as JSON: {"file":"...","options":[{"name","environment","value","origin"}...]}.
[[nodiscard]] std::string describe_effective_json(const Loaded& loaded);

// docs/generated/options.md: a table for each room.
[[nodiscard]] std::string describe_markdown(std::span<const Section> sections);

// An environment file with every option in it, commented out with its help and default.
[[nodiscard]] std::string describe_environment(std::span<const Section> sections);

}  // namespace scops
