// For a test that needs what this machine may lack.
//
//   if (::geteuid() != 0) return not_tested("who is not root cannot mount");
#pragma once

#include <string>

namespace scops::test {

// Says loudly that the test says nothing here, and why; ctest lists it among those that did not run. Where CI
// is set everything should be there, and it is a failure.
void not_tested(const std::string& why);

// The same where that is as it should be: another door tests it.
void left_out(const std::string& why);

}  // namespace scops::test
