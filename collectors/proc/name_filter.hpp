// Which devices, mounts or interfaces are looked at: two lists of globs out of the options.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/model/text.hpp"

namespace scops {

// An empty `include` lets everything in; `exclude` wins. Views of settings, which outlive collectors.
struct NameFilter {
  std::span<const std::string> include;
  std::span<const std::string> exclude;

  [[nodiscard]] bool passes(std::string_view name) const {
    return (include.empty() || matches_any(include, name)) && !matches_any(exclude, name);
  }
};

}  // namespace scops
