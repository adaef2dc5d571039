// Another program as a child, which dies with the test, however that ends. Its standard input is empty.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace scops::test {

// Throws when there is no process to be had; a program that there is not is a child that ends with status
// 127.
[[nodiscard]] pid_t spawn(const std::vector<std::string>& words, int out, int err);
// With all that it says at the end of the file `log`.
[[nodiscard]] pid_t spawn(const std::vector<std::string>& words, const std::string& log);

}  // namespace scops::test
