// The options of the tegrastats collector.
#pragma once

#include <string>

#include "collectors/pull/tegrastats/groups.hpp"
#include "core/config/option.hpp"

namespace scops::tegrastats {

struct TegrastatsSettings {
  TextList metrics;
  std::string path;
  bool lowercase_zones = false;
  Duration timeout{};
};

// The rows over fresh settings, which the loader fills.
[[nodiscard]] Section tegrastats_section();

// What the option `metrics` switches on; the loader has put its names into lower case.
[[nodiscard]] Groups groups_of(const TegrastatsSettings& settings);

}  // namespace scops::tegrastats
