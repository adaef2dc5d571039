// The grammar of this room for `scops parse`: raw records as an application leaves them, a line each.
#pragma once

#include <array>

#include "core/model/collector.hpp"

namespace scops::chouette {

extern const std::array<Format, 1> chouette_formats;

}  // namespace scops::chouette
