// The options of the input chouette.
#pragma once

#include <cstdint>
#include <string>

#include "core/config/option.hpp"

namespace scops::chouette {

struct ChouetteSettings {
  std::string enabled;  // auto, true, false: the agent decides by it whether there is such an input
  std::string prefix;
  Duration lag{};
  std::int64_t window_max = 0;
  Bytes record_max;
  Bytes log_max;
};

// The rows over fresh settings, which the loader fills.
[[nodiscard]] Section chouette_section();

}  // namespace scops::chouette
