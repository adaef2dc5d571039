// All outputs this binary knows, from outputs.def, in its order.
#pragma once

#include <span>

#include "core/config/spec.hpp"

namespace scops {

[[nodiscard]] std::span<const OutputSpec* const> output_specs();

}  // namespace scops
