#include "agent/version.hpp"

namespace scops {

// Both come from cmake/version.cmake, for this file only: a new commit recompiles nothing else.
constinit const std::string_view version = SCOPS_VERSION;
constinit const TimeMs build_time = TimeMs{SCOPS_BUILD_EPOCH} * 1000;

}  // namespace scops
