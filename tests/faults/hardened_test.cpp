// How what is shipped is linked and compiled, as readelf sees it. Not in builds with sanitizers, which have
// other flags.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "core/io/files.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/shell.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

std::string line_with(const std::string& text, std::string_view part) {
  for (const std::string& line : lines_of(text)) {
    if (line.find(part) != std::string::npos) return line;
  }
  return "";
}

}  // namespace

TEST_CASE("the program is hardened", "[faults]") {
  const std::string binary = SCOPS_BINARY;
  const std::string elf =
      output_of("readelf --wide --file-header --program-headers --dynamic '" + binary + "'");
  INFO(elf);
  CHECK_THAT(line_with(elf, "Type:"), Contains("DYN (Position-Independent Executable file)"));
  CHECK_THAT(line_with(elf, "(FLAGS_1)"), Contains("NOW") && Contains("PIE"));
  CHECK_FALSE(line_with(elf, "GNU_RELRO").empty());
  const std::string stack = line_with(elf, "GNU_STACK");
  CHECK_THAT(stack, Contains("RW ") && !Contains("RWE"));
  for (const std::string& line : lines_of(elf)) {  // no memory is writable and executable
    if (line.find(" LOAD ") != std::string::npos) CHECK_THAT(line, !Contains("RWE"));
  }
  CHECK(line_with(elf, "(RPATH)").empty());
  CHECK(line_with(elf, "(RUNPATH)").empty());
  CHECK(line_with(elf, "(TEXTREL)").empty());

  // What the compiler adds calls these.
  const std::string symbols = output_of("readelf --wide --dyn-syms '" + binary + "'");
  CHECK_THAT(symbols, Contains("__stack_chk_fail") && Contains("_chk@GLIBC"));
}

// A frame of more than a page is touched page by page: `or` or `sub` with -4096 steps. No symbol tells, so
// the compiler is asked what it was given, and the flag must be in what it says.
TEST_CASE("the flags that leave no symbol are given to every file", "[faults]") {
  const std::string rules =
      read_file(fs::path(SCOPS_BINARY).parent_path() / "build.ninja", 64U << 20U)
          .value_or(read_file(fs::path(SCOPS_BINARY).parent_path() / "CMakeFiles/scops.dir/flags.make")
                        .value_or(""));
  REQUIRE_FALSE(rules.empty());
  int files = 0;
  for (const std::string& line : lines_of(rules)) {
    const auto flags = line.find("FLAGS = ");
    if (flags == std::string::npos || line.find("-std=") == std::string::npos) continue;
    INFO(line);
    CHECK_THAT(line, Contains("-fstack-clash-protection") && Contains("-fstack-protector-strong") &&
                         Contains("-D_FORTIFY_SOURCE=3") && Contains("-fPIE"));
    ++files;
  }
  CHECK(files > 0);
}

}  // namespace scops::test
