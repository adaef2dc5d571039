#include "agent/pipeline/point_sink.hpp"

#include <cmath>
#include <utility>

namespace scops {

bool PointSink::add(Series series, TimeMs time, double value) {
  const auto dropped = [this](Fate fate) {
    fates_.add(fate);
    return false;
  };
  if (!std::isfinite(value)) return dropped(Fate::not_finite);
  if (!labels_.wanted(series.name)) return dropped(Fate::filtered);
  if (!BlockWriter::acceptable(series)) return dropped(Fate::too_long);
  if (writer_.samples() >= samples_max_) return dropped(Fate::no_room);
  writer_.add(std::move(series), time, value);
  return true;
}

}  // namespace scops
