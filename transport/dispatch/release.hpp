// When an output releases: at the multiples of the interval by the wall clock, plus an offset that is the
// host's own, so that a fleet with one interval does not send at one moment. Pure.
#pragma once

#include <string_view>

#include "core/config/option.hpp"
#include "core/model/metric.hpp"

namespace scops {

// A fixed share of `interval`, from the host name: the same after each restart.
[[nodiscard]] Duration release_offset(std::string_view host, Duration interval);

// From `wall` to the next release, more than 0 and at most `interval`, whatever the wall clock says. Add it
// to the steady clock: then a step of the wall clock can neither stop the schedule nor make it run wild.
[[nodiscard]] Duration until_release(TimeMs wall, Duration interval, Duration offset);

}  // namespace scops
