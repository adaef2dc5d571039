#include "core/model/metric.hpp"

namespace scops {

std::string_view to_string(MetricType type) {
  switch (type) {
    case MetricType::gauge:
      return "gauge";
    case MetricType::count:
      return "count";
    case MetricType::rate:
      return "rate";
    case MetricType::distribution:
      return "distribution";
  }
  return "unknown";  // a byte from outside that was cast: not worth dying for
}

}  // namespace scops
