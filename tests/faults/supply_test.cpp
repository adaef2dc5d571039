// What is shipped: how the program is linked and compiled, as readelf sees it, and its bill of materials.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "core/io/files.hpp"
#include "core/io/json.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/shell.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

}  // namespace

#ifndef SCOPS_SANITIZED  // a build with sanitizers has other flags, and is never shipped
namespace {

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
#endif

TEST_CASE("the bill of materials names every library with its licence", "[faults]") {
  const TempDir dir;
  const std::string make = std::string(SCOPS_SOURCE_DIR) + "/.ci/sbom";
  if (std::system("command -v dpkg-query >/dev/null 2>&1") != 0) {
    WARN("NOT TESTED: no dpkg here");
    return;
  }
  const auto run = [&](const std::string& file) {
    const std::string said =
        output_of("'" + make + "' '" + std::string(SCOPS_BINARY) + "' '" + file + "' '" + file + ".md'");
    REQUIRE(said.empty());
    return read_file(file, 16U << 20U).value_or("");
  };
  const std::string text = run(dir / "one.json");
  CHECK(text == run(dir / "two.json"));  // nothing of the moment in it
  const auto document = JsonDoc::parse(text);
  REQUIRE(document);
  const auto root = document->root();
  CHECK(root["bomFormat"].text() == "CycloneDX");
  CHECK(root["specVersion"].text() == "1.5");
  CHECK(root["metadata"]["component"]["name"].text() == "scops");
  const std::string hash(root["metadata"]["component"]["hashes"].at(0)["content"].text().value_or(""));
  CHECK(output_of("sha256sum '" + std::string(SCOPS_BINARY) + "'").starts_with(hash + " "));
  std::set<std::string> names;
  for (std::size_t i = 0; i < root["components"].size(); ++i) {
    const auto component = root["components"].at(i);
    names.emplace(component["name"].text().value_or(""));
    INFO(names.size() << " " << *names.rbegin());
    CHECK_FALSE(component["version"].text().value_or("").empty());
    CHECK(component["purl"].text().value_or("").starts_with("pkg:deb/"));
    CHECK(component["licenses"].size() > 0);
    CHECK_FALSE(component["supplier"]["name"].text().value_or("").empty());
  }
  for (const char* linked :
       {"libcurl4", "libsqlite3-0", "libhiredis0.14", "libmicrohttpd12", "libssl3", "libc6"}) {
    INFO(linked);
    CHECK(names.contains(linked));
  }
  CHECK_THAT(read_file(dir / "one.json.md").value_or(""), Contains("| libcurl4 | "));
  record_fault({.area = "Supply",
                .promise = "what is linked is known, with its licences",
                .fault = "the bill of materials is made twice and read",
                .tried = 2,
                .outcome = std::to_string(names.size()) + " packages, each with version, supplier, licence"});
}

}  // namespace scops::test
