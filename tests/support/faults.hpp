// How often a fault is tried, and the row that docs/reliability.md gets for it.
//
//   const int kills = fault_tries(5, 1000);
//   ... kills times ...
//   record_fault({.area = "Start and stop", .promise = "no point is lost", .fault = "kill -9 at a random
//   moment",
//                 .tried = kills, .outcome = fmt::format("{} points, all delivered", points)});
#pragma once

#include <string>

namespace scops::test {

// `few` in ./dev test, `many` in ./dev faults.
[[nodiscard]] int fault_tries(int few, int many);

// True in ./dev test, which then says that this is for ./dev faults, and why.
[[nodiscard]] bool only_in_faults(const std::string& why);

struct FaultRow {
  std::string area;     // rows of one area stand together: the words, "Disk"
  std::string promise;  // what a user may rely on
  std::string fault;    // what was done
  int tried = 0;        // times
  std::string outcome;  // what came of it, with numbers
};

// Call it when all checks have passed. Nothing happens in ./dev test.
void record_fault(const FaultRow& row);

}  // namespace scops::test
