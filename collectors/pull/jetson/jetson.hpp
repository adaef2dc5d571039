// The jetson collector with the clock that it is to use: the agent takes jetson_collector, tests this.
#pragma once

#include <memory>

#include "collectors/pull/jetson/settings.hpp"
#include "core/config/spec.hpp"
#include "core/model/collector.hpp"
#include "core/runtime/clock.hpp"

namespace scops::jetson {

// Both must outlive the collector.
[[nodiscard]] std::unique_ptr<PullCollector> make_jetson(const JetsonSettings& settings, const Clock& clock);

}  // namespace scops::jetson
