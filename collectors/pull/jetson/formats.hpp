// The grammars of this room for `scops parse`.
#pragma once

#include <array>

#include "core/model/collector.hpp"

namespace scops::jetson {

extern const std::array<Format, 1> jetson_formats;

}  // namespace scops::jetson
