// Variables of the environment that are not options: what systemd and the login tell a process.
#pragma once

#include <cstdlib>
#include <string_view>

namespace scops {

// Empty when it is not set. Of use before there are threads; lives as long as the process.
[[nodiscard]] inline std::string_view environment(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): see above
  return value == nullptr ? std::string_view() : value;
}

}  // namespace scops
