#include "agent/pipeline/point_sink.hpp"

#include <cmath>
#include <utility>

namespace scops {

bool PointSink::add(Series series, TimeMs time, double value) {
  const auto refused = [this](Fate fate) {
    fates_.add(fate);
    return false;
  };
  if (!std::isfinite(value)) return refused(Fate::not_finite);
  if (!labels_.wanted(series.name)) return refused(Fate::filtered);
  if (!BlockWriter::acceptable(series)) return refused(Fate::too_long);
  if (writer_.samples() >= samples_max_) return refused(Fate::no_room);
  writer_.add(std::move(series), time, value);
  return true;
}

}  // namespace scops
