// The bill of materials of what is shipped.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>
#include <string>

#include "core/io/files.hpp"
#include "core/io/json.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/shell.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {

using Catch::Matchers::Contains;

TEST_CASE("the bill of materials names every library with its licence", "[faults]") {
  const TempDir dir;
  const std::string make = std::string(SCOPS_SOURCE_DIR) + "/.ci/sbom";
  if (std::system("command -v dpkg-query >/dev/null 2>&1") != 0) return not_tested("no dpkg here");
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
