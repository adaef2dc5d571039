// The grammars of this room for `scops parse`: answers of an engine, one or several JSON documents, every
// group of metrics switched on.
#pragma once

#include <array>

#include "core/model/collector.hpp"

namespace scops::docker {

extern const std::array<Format, 4> docker_formats;

}  // namespace scops::docker
