// The k8s collector: the agent takes k8s_collector, tests this.
#pragma once

#include <memory>
#include <string>

#include "collectors/pull/k8s/settings.hpp"
#include "core/model/collector.hpp"

namespace scops::k8s {

// `settings` must outlive the collector.
[[nodiscard]] std::unique_ptr<PullCollector> make_k8s(const K8sSettings& settings, std::string user_agent);

}  // namespace scops::k8s
