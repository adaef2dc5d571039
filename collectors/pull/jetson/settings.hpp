// The options of the jetson collector.
#pragma once

#include <string>

#include "core/config/option.hpp"

namespace scops::jetson {

struct JetsonSettings {
  TextList metrics;
  std::string proc;
  std::string sys;
  std::string root;
  TextList zones_include, zones_exclude;
  TextList rails_include, rails_exclude;
  bool serial = false;
  Duration rescan{};
};

// The rows over fresh settings, which the loader fills.
[[nodiscard]] Section jetson_section();

}  // namespace scops::jetson
