#include "collectors/listen/chouette/taker.hpp"

#include <algorithm>

namespace scops::chouette {

Flaw Taker::take(std::string_view json, TimeMs time, TimeMs now, Intake& intake) {
  if (content_ == Content::raw) return take_raw(json, time, now + future_max, intake);
  if (content_ == Content::wrapped) return take_wrapped(json, time, now + future_max, intake);
  const Flaw flaw = parser_.log(json);
  if (flaw == Flaw::none) intake.log(time, json);
  return flaw;
}

Flaw Taker::take_raw(std::string_view json, TimeMs time, TimeMs latest, Intake& intake) {
  RawRecord record;
  const Flaw flaw = parser_.raw(json, record);
  if (flaw != Flaw::none) return flaw;
  const RawSample sample{.name = record.name,
                         .type = record.type,
                         .other_type = record.other_type,
                         .tags = record.tags,
                         .value = record.value,
                         .members = record.members,
                         .time = record.time.value_or(time),
                         .arrival = time};
  if (sample.time > latest) return Flaw::future;
  intake.raw(sample);
  return Flaw::none;
}

Flaw Taker::take_wrapped(std::string_view json, TimeMs time, TimeMs latest, Intake& intake) {
  WrappedRecord record;
  const Flaw flaw = parser_.wrapped(json, record);
  if (flaw != Flaw::none) return flaw;
  const auto too_late = [latest](const Point& point) { return point.time > latest; };
  if (std::any_of(record.points.begin(), record.points.end(), too_late)) return Flaw::future;
  tags_.clear();
  for (const std::string_view tag : record.tags) tags_.push_back({tag, {}});
  for (const Point& point : record.points) {
    intake.point({.name = record.name,
                  .value = point.value,
                  .tags = tags_,
                  .type = record.type,
                  .time = point.time == 0 ? time : point.time,
                  .interval_s = record.interval_s});
  }
  return Flaw::none;
}

}  // namespace scops::chouette
