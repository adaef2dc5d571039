// What the reports of one series in one window become: the rules of METRICS_WRAPPER datadog and simple. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/pipeline/distinct.hpp"
#include "agent/pipeline/settings.hpp"
#include "agent/pipeline/values.hpp"
#include "core/model/metric.hpp"

namespace scops {

struct Percentile {
  double p = 0;        // from 0 to 1
  std::string suffix;  // ".95percentile", ".99.9percentile"
};

// ErrorKind::refused when a text is no number from 0 to 1, or when there are more than 20. Equal ones
// become one.
[[nodiscard]] Result<std::vector<Percentile>> parse_percentiles(const TextList& texts);

struct WrapperRules {
  bool simple = false;
  bool max = false, median = false, avg = false, count = false, min = false, sum = false;
  std::vector<Percentile> percentiles;
  double seconds = 0;            // of a window
  std::uint32_t interval_s = 0;  // the same, rounded, at least 1

  // `settings` are valid.
  explicit WrapperRules(const PipelineSettings& settings);

  // Does the wrapper make anything of this type?
  [[nodiscard]] bool knows(RawType type) const { return simple || type != RawType::other; }
  // Does it need all values (percentiles), or only their number and sum?
  [[nodiscard]] bool needs_values(RawType type) const {
    return !simple && (type == RawType::histogram || type == RawType::distribution);
  }
};

// One series in one window, while reports come in. There is at least one.
struct Aggregate {
  std::uint64_t reports = 0;
  double sum = 0, min = 0, max = 0;
  double latest_value = 0;  // of the first report with the latest time
  TimeMs earliest = 0, latest = 0;
  std::variant<std::monostate, Values, Distinct> detail;  // as the type needs
};

// One point that comes of it; views live as long as the rules.
struct WrappedPoint {
  std::string_view suffix;  // of the metric's name
  MetricType type = MetricType::gauge;
  std::uint32_t interval_s = 0;
  TimeMs time = 0;
  double value = 0;  // may be infinite: a sum can overflow
};

// Replaces `points`. `aggregate` is not const because its values are sorted on the way.
void wrap(RawType type, Aggregate& aggregate, const WrapperRules& rules, std::vector<WrappedPoint>& points);

}  // namespace scops
