// The options of room "nvml".
#pragma once

#include <cstdint>
#include <string>

#include "core/config/option.hpp"

namespace scops::nvml {

struct NvmlSettings {
  TextList metrics;
  TextList tags;
  std::string library;
  std::int64_t gpus_max = 0;
};

[[nodiscard]] Section nvml_section();

}  // namespace scops::nvml
