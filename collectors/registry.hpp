// Every collector that is built in: one COLLECTOR(name) a line in collectors.def, which CMake reads too.
#pragma once

#include <span>
#include <string_view>

#include "core/config/spec.hpp"

namespace scops {

// In the order of collectors.def.
[[nodiscard]] std::span<const CollectorSpec* const> collector_specs();

// The collector of that name (case-sensitive, as in COLLECTOR_PLUGINS); null when there is none.
[[nodiscard]] const CollectorSpec* find_collector(std::string_view name);

}  // namespace scops
