// The state of the system clock out of adjtimex(2). Pure.
#pragma once

#include <sys/timex.h>

#include "core/model/collector.hpp"

namespace scops::host {

// `state` is what adjtimex returned. Offset and error mean something only while the clock is synchronised.
void emit_time(const struct timex& clock, int state, Emit& emit);

}  // namespace scops::host
