// The host collector with the system calls that it is to use: the agent takes host_collector, tests this.
#pragma once

#include <memory>

#include "collectors/pull/host/settings.hpp"
#include "collectors/pull/host/topic.hpp"
#include "core/model/collector.hpp"

namespace scops::host {

// `settings` must outlive the collector.
[[nodiscard]] std::unique_ptr<PullCollector> make_host(const HostSettings& settings,
                                                       const SystemCalls& calls);

}  // namespace scops::host
