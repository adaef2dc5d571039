// The grammar of a line of tegrastats, of all versions from L4T 21 to 39: what a word means is decided by the
// shape of what follows, not by its place, and what is not known is skipped. Pure, allocates nothing.
#pragma once

#include <cstddef>
#include <string_view>

#include "collectors/pull/tegrastats/groups.hpp"
#include "core/model/collector.hpp"

namespace scops::tegrastats {

// Longer lines are none of tegrastats: 14 cores and all engines make one of 900 bytes.
constexpr std::size_t line_max = std::size_t{16} << 10U;

// Does it say how much RAM is used? All lines with statistics do, messages do not.
[[nodiscard]] bool is_statistics(std::string_view line);

// Emits what the line says. Each name counts once, the first time; no more than 128 names are looked at.
void emit_line(std::string_view line, const Groups& groups, Emit& emit);

}  // namespace scops::tegrastats
