// The agent's own numbers as metrics beside the others: SCOPS_AGENT_OWN_METRICS says which. A gauge is sent
// as it is, a counter as what it grew by since the last time. The page /metrics has all of them.
//
//   scops_buffer_dropped_records_total{reason="age"}   scops.buffer.dropped_records, tag reason:age, a count
//   process_resident_memory_bytes                      scops.process.resident_memory_bytes, a gauge
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/option.hpp"
#include "core/model/metric.hpp"
#include "core/runtime/stats.hpp"

namespace scops {

class OwnMetrics {
 public:
  // `wanted` are globs of names; `stats` outlives this.
  OwnMetrics(TextList wanted, const Stats& stats);

  // `take` gets each of them as it is at `now`. A counter that has not grown is left out.
  using Take = std::function<void(const RawSample&)>;
  void report(TimeMs now, const Take& take);

  // The name of a stat as a metric.
  [[nodiscard]] static std::string metric_name(std::string_view stat);
  // `reason="age",kind="logs"` as tags. Values of stats hold no quotes.
  [[nodiscard]] static std::vector<std::string> tags(std::string_view labels);

 private:
  // Empty: not wanted.
  const std::string& wanted_name(std::string_view stat);

  const TextList wanted_;
  const Stats& stats_;
  std::map<std::string, std::string, std::less<>> names_;  // what wanted_name() found, by stat
  std::map<std::string, double, std::less<>> last_;        // counters, by name and labels
};

}  // namespace scops
