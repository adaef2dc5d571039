#include "tests/support/shell.hpp"

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace scops::test {

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(("( " + command + "\n) 2>&1").c_str(), "re"),
                                                   ::pclose);
  if (pipe == nullptr) throw std::runtime_error("no shell for: " + command);
  std::string text;
  char piece[4096];
  while (std::fgets(piece, sizeof piece, pipe.get()) != nullptr) text += piece;
  return text;
}

}  // namespace scops::test
