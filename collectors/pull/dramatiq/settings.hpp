// The options of room "dramatiq".
#pragma once

#include <cstdint>
#include <string>

#include "core/config/option.hpp"
#include "core/config/redis_section.hpp"

namespace scops::dramatiq {

struct DramatiqSettings : RedisPlace {
  std::string key_space;  // option "namespace"
  TextList queues_include, queues_exclude;
  std::int64_t queues_max = 0;
  std::int64_t scan_count = 0;
  Duration scan_budget{};
};

[[nodiscard]] Section dramatiq_section();

}  // namespace scops::dramatiq
