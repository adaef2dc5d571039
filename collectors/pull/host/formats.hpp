// The grammars of this room for `scops parse`: each reads what a kernel file holds and emits every metric
// that the collector would make of it, all groups switched on.
#pragma once

#include <array>

#include "core/model/collector.hpp"

namespace scops::host {

extern const std::array<Format, 6> host_formats;

}  // namespace scops::host
