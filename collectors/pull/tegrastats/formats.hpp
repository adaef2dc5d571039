// The grammar of this room for `scops parse`: lines of tegrastats, every group switched on.
#pragma once

#include <array>

#include "core/model/collector.hpp"

namespace scops::tegrastats {

extern const std::array<Format, 1> tegrastats_formats;

}  // namespace scops::tegrastats
