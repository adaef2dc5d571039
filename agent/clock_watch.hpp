// Looks at the wall clock at every flush: says once that it has not been set, that it has, and that it has
// stepped; and remembers for later boots what its right time was in this one, in the file `clock` of the
// state folder: a line a boot, "<tag> <wall clock less boottime>".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/version.hpp"
#include "core/runtime/timeline.hpp"

namespace scops {

// A short tag of this boot: of the kernel's boot_id and of what a time namespace adds to CLOCK_BOOTTIME. 0
// where the kernel does not tell.
[[nodiscard]] std::uint32_t boot_tag();

// A clock that is up to this much before the build date is taken for one that is wrong, not for one that has
// not been set: what it dates is sent, and moves when it is put right.
inline constexpr TimeMs build_margin = 7LL * 24 * 3600 * 1000;
// A wall clock before this has not been set yet.
[[nodiscard]] inline TimeMs plausible_since() { return build_time - build_margin; }

inline constexpr std::size_t boots_max = 16;  // remembered; the oldest gives way

// Tag and offset of boots, the latest last.
using Boots = std::vector<std::pair<std::uint32_t, TimeMs>>;
// What the file says, without the lines that make no sense.
[[nodiscard]] Boots parse_boots(std::string_view text);

class ClockWatch {
 public:
  // Tells `timeline`, which outlives this, what earlier boots knew. `folder` may be empty: then nothing is
  // remembered. One that cannot be used is tried again at each look.
  ClockWatch(Timeline& timeline, const std::string& folder);

  // `waiting`: blocks in the buffer, for the log.
  void look(std::uint64_t waiting);

 private:
  void load();
  void remember(const Stamp& stamp);

  Timeline& timeline_;
  const std::string path_;  // empty: nowhere
  Boots boots_;
  Stamp last_;
  bool loaded_ = false;  // boots_ is what the file says
  bool said_unset_ = false;
  bool said_unkept_ = false;
};

}  // namespace scops
