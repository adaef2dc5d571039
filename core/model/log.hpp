// A log record: what an application wrote, on its way from an input to an output.
#pragma once

#include <string>

#include "core/model/metric.hpp"

namespace scops {

struct LogRecord {
  TimeMs time = 0;
  std::string json;  // one object, as it is to be sent but for host and global tags

  bool operator==(const LogRecord&) const = default;
};

}  // namespace scops
