// Which build this is.
#pragma once

#include <string_view>

#include "core/model/metric.hpp"

namespace scops {

extern const std::string_view version;  // "0.1.0"
extern const TimeMs build_time;         // of the last commit, Unix milliseconds; at least that of the release

}  // namespace scops
