// sysfs as collectors need it: what is in a folder, and the one number or word in a file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/result.hpp"

namespace scops {

// Names in a folder, thermal_zone2 before thermal_zone10; at most 4096. ErrorKind::absent when there is no
// such folder.
[[nodiscard]] Result<std::vector<std::string>> list_folder(const std::string& path);

// The first line of a file without blanks around it; errors as those of read_file.
[[nodiscard]] Result<std::string> read_line(const std::string& path);

// The whole number that is all of a file; ErrorKind::drop when it holds something else.
[[nodiscard]] Result<std::int64_t> read_integer(const std::string& path);

}  // namespace scops
