// What became of what came in, counted until it is certain: what an input hands over and has to read again
// after a failure must not be counted twice. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/runtime/stats.hpp"

namespace scops {

enum class Fate : std::uint8_t {
  raw,           // taken: a report to be aggregated
  point,         // taken: a point that was aggregated elsewhere
  log,           // taken
  filtered,      // a point: include or exclude
  not_finite,    // infinity or no number, also of a sum
  no_series,     // a new series in a window that has series_max of them
  no_memory,     // a new series, and window_memory is used up
  no_room,       // a point beyond samples_max
  too_long,      // name or tags that no block takes
  unknown_type,  // and the wrapper cannot do with that
  log_too_long,
  log_no_room,
};

class Fates {
 public:
  explicit Fates(Stats& stats);

  void add(Fate fate) { ++counts_.at(static_cast<std::size_t>(fate)); }
  // They are so: adds them to the stats.
  void publish();
  // They never happened.
  void forget() { counts_ = {}; }

 private:
  static constexpr std::size_t number = static_cast<std::size_t>(Fate::log_no_room) + 1;
  std::array<std::uint64_t, number> counts_{};
  std::array<Stat*, number> stats_{};
};

}  // namespace scops
