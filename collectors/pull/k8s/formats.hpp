// The grammar of this room for `scops parse`.
#pragma once

#include <array>

#include "core/model/collector.hpp"

namespace scops::k8s {

extern const std::array<Format, 1> k8s_formats;

}  // namespace scops::k8s
