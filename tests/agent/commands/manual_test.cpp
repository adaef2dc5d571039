// The manual page and the completions that packages ship.
#include <catch2/catch.hpp>
#include <fstream>
#include <string>

#include "agent/commands/command.hpp"
#include "agent/settings.hpp"
#include "core/config/manual.hpp"
#include "core/model/text.hpp"
#include "tests/support/shell.hpp"
#include "tests/support/temp_dir.hpp"

using namespace scops;
using Catch::Matchers::Contains;
using scops::test::TempDir;

namespace {

// What bash offers for the last of `words`, in the manner of readline.
std::string completed(const std::string& words) {
  const TempDir dir;
  const std::string script = dir / "script";
  std::ofstream(script) << bash_completion(Settings().sections()) << "compopt() { :; }\nCOMP_WORDS=(" << words
                        << ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_scops\necho \"${COMPREPLY[*]}\"\n";
  return std::string(trim(scops::test::output_of("bash -eu '" + script + "'")));
}

}  // namespace

TEST_CASE("the manual page has every command, option and environment name", "[manual]") {
  const Settings settings;
  const std::string page = manual_page(settings.sections());
  CHECK_THAT(page, Contains(".TH SCOPS 1"));
  for (const Command& command : commands()) CHECK_THAT(page, Contains(".B " + std::string(command.name)));
  for (const Section& section : settings.sections()) {
    for (const Option& option : section.options) {
      CHECK_THAT(page, Contains(".B \\-\\-" + roff(key_name(section, option)) + "="));
      CHECK_THAT(page, Contains(environment_name(section, option)));
    }
  }
}

TEST_CASE("text in the manual page is never taken for a request", "[manual]") {
  CHECK(roff("/etc/x-y \\n") == "/etc/x\\-y \\en");
  CHECK(roff(".TH") == "\\&.TH");
  CHECK(roff("'s") == "\\&'s");
}

TEST_CASE("bash completes commands, options, collectors and formats", "[manual]") {
  CHECK(completed("scops par") == "parse");
  CHECK(completed("scops check teg") == "tegrastats");
  CHECK(completed("scops parse mem") == "meminfo");
  CHECK(completed("scops buffer dr") == "drop");
  CHECK(completed("scops run --host.roo") == "--host.root=");
}
