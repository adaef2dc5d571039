// What the agent knows about a collector or an output: one constant at the foot of its file. The lists are
// collectors/collectors.def and transport/outputs/outputs.def.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/option.hpp"
#include "core/io/redis.hpp"
#include "core/model/collector.hpp"
#include "core/model/drain.hpp"
#include "core/model/output.hpp"
#include "core/model/result.hpp"
#include "core/runtime/stats.hpp"

namespace scops {

// What a collector gets from the agent beside its own settings.
struct CollectorContext {
  RedisTarget redis = {};        // the one of room "redis"
  std::string user_agent = {};   // "scops/0.1.0"
  const Clock* clock = nullptr;  // both outlive the collector
  Stats* stats = nullptr;
  Duration interval{};  // between captures; 0: not known
};

// What an input that drains a queue gets from the agent beside its own settings.
struct DrainContext {
  RedisTarget redis;
  Duration window{};  // of aggregation
  Duration metric_ttl{};
  Duration log_ttl{};
  std::string agent;             // who drains: no two running agents have the same
  TimeMs plausible_since = 0;    // an earlier wall clock has not been set yet
  const Clock* clock = nullptr;  // both outlive the input
  Stats* stats = nullptr;
};

struct CollectorSpec {
  std::string_view name;  // as in COLLECTOR_PLUGINS
  std::string_view help;  // one sentence, ends with a period
  Section (*section)();   // its options over fresh settings
  // `settings` is what section() made, after loading; it outlives the collector. Errors are configuration
  // errors only: a missing device or daemon is for collect() to say.
  Result<std::unique_ptr<PullCollector>> (*make)(const void* settings,
                                                 const CollectorContext& context) = nullptr;
  std::span<const Format> formats = {};  // the grammars of this room, for `scops parse`
  // Instead of `make`, for an input that drains a queue.
  Result<std::unique_ptr<DrainCollector>> (*make_drain)(const void* settings,
                                                        const DrainContext& context) = nullptr;
};

// What every output gets from the agent beside its own settings.
struct OutputContext {
  std::string host;                    // sent as host when not empty
  std::string user_agent;              // "scops/0.1.0"
  std::vector<std::string> tags = {};  // global ones, for log records: metrics have them already
};

struct OutputSpec {
  std::string_view name;
  std::string_view help;
  Section (*section)();
  Result<std::unique_ptr<Output>> (*make)(const void* settings, const OutputContext& context);
};

}  // namespace scops
