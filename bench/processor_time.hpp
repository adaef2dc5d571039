// What this process has cost so far.
#pragma once

#include <ctime>

namespace scops::bench {

// Seconds of processor time, of all its threads.
inline double processor_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace scops::bench
