#include "core/config/option.hpp"

#include <fmt/format.h>

#include "core/model/text.hpp"

namespace scops {

std::string environment_name(const Section& section, const Option& option) {
  return to_upper(fmt::format("SCOPS_{}_{}", section.room, option.text.name));
}

std::string key_name(const Section& section, const Option& option) {
  return fmt::format("{}.{}", section.room, option.text.name);
}

}  // namespace scops
