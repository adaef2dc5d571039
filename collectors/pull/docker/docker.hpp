// The docker collector, for tests: collectors are otherwise made by the registry.
#pragma once

#include <memory>
#include <string>

#include "collectors/pull/docker/settings.hpp"
#include "core/model/collector.hpp"
#include "core/model/result.hpp"
#include "core/runtime/clock.hpp"

namespace scops::docker {

// `settings` and `clock` outlive it. ErrorKind::refused when they do not fit together.
[[nodiscard]] Result<std::unique_ptr<PullCollector>> make_docker(const DockerSettings& settings,
                                                                 std::string user_agent, const Clock& clock);

}  // namespace scops::docker
