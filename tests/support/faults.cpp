#include "tests/support/faults.hpp"

#include <cstdlib>
#include <fstream>

#include "tests/support/not_tested.hpp"

namespace scops::test {
namespace {

// The file of rows, named by ./dev faults.
const char* rows_file() { return std::getenv("SCOPS_FAULTS"); }

}  // namespace

int fault_tries(int few, int many) { return rows_file() == nullptr ? few : many; }

bool only_in_faults(const std::string& why) {
  if (rows_file() != nullptr) return false;
  left_out("by ./dev faults alone: " + why);
  return true;
}

void record_fault(const FaultRow& row) {
  const char* const name = rows_file();
  if (name == nullptr) return;
  std::ofstream file(name, std::ios::app);
  file << row.area << '\t' << row.promise << '\t' << row.fault << '\t' << row.tried << '\t' << row.outcome
       << '\n';
}

}  // namespace scops::test
