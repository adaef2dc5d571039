// Counts and names what is not passed on.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "collectors/listen/chouette/flaw.hpp"
#include "core/runtime/stats.hpp"

namespace scops::chouette {

// Of one queue. What is noted counts once it is certain that it will not be read again: that would count it
// twice.
class Losses {
 public:
  // `stats` outlives it.
  Losses(Stats& stats, std::string queue) : stats_(stats), queue_(std::move(queue)) {}

  // The first of a kind is shown in the log, shortened and made printable.
  void note(Flaw flaw, std::string_view record);
  void note(Flaw flaw, std::uint64_t records);
  void count();
  void forget() { noted_ = {}; }

 private:
  Stats& stats_;
  const std::string queue_;
  std::array<std::uint64_t, flaw_count> noted_{};
};

}  // namespace scops::chouette
