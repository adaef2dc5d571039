// The input that drains Chouette's queues; docs/collectors/chouette.md says what is in them.
#pragma once

#include <memory>

#include "collectors/listen/chouette/settings.hpp"
#include "core/config/spec.hpp"
#include "core/model/drain.hpp"

namespace scops::chouette {

// `settings` and what `context` points to outlive it.
[[nodiscard]] std::unique_ptr<DrainCollector> make_chouette(const ChouetteSettings& settings,
                                                            const DrainContext& context);

}  // namespace scops::chouette
