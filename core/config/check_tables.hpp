// The law of option tables; a unit test runs it over all of the agent's.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/config/option.hpp"

namespace scops {

// One line for each fault: names that are taken or badly spelled, defaults and limits that their own row does
// not allow, secrets with a default, help that is no sentence. Empty when all is well.
[[nodiscard]] std::vector<std::string> check_tables(std::span<const Section> sections);

}  // namespace scops
