// A series in one line, for tests of what is made of series.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/model/metric.hpp"

namespace scops::test {

[[nodiscard]] inline Series series(std::string name, std::vector<std::string> tags = {},
                                   MetricType type = MetricType::gauge, std::uint32_t interval = 0) {
  Series made;
  made.name = std::move(name);
  made.tags = std::move(tags);
  made.type = type;
  made.interval_s = interval;
  return made;
}

}  // namespace scops::test
