// The signals that the agent reads instead of being interrupted by them.
#pragma once

#include "core/io/files.hpp"

namespace scops {

// Blocks them for this thread and all that it will start.
void block_signals();

// A descriptor that is readable when one has come.
[[nodiscard]] Fd open_signals();

// Reads what is waiting; true when the agent is asked to stop.
[[nodiscard]] bool stop_signal(const Fd& signals);

}  // namespace scops
