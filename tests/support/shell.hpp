// What a shell command prints, on both streams.
#pragma once

#include <string>

namespace scops::test {

[[nodiscard]] std::string output_of(const std::string& command);

}  // namespace scops::test
