#include "agent/version.hpp"

#include <catch2/catch.hpp>

#include "agent/clock_watch.hpp"
#include "core/model/text.hpp"
#include "tests/support/shell.hpp"

namespace scops::test {
namespace {

constexpr TimeMs first_commit = 1'795'219'200'000;  // 2026-11-21

// What a build would have for its date that is made in a folder without git.
std::string epoch_of_build(const std::string& environment) {
  return std::string(trim(output_of("cd / && env -u SOURCE_DATE_EPOCH " + environment +
                                    " cmake -P '" SCOPS_SOURCE_DIR "/cmake/version.cmake'")));
}

}  // namespace

TEST_CASE("a clock of years ago is one that has not been set, in every build", "[time]") {
  CHECK(build_time >= first_commit);
  CHECK(plausible_since() >= first_commit - build_margin);
}

TEST_CASE("a build that nobody gave a date has that of the release", "[time]") {
  CHECK(epoch_of_build("") == "1795219200");
}

TEST_CASE("a date of a build that is long before the release does not count", "[time]") {
  CHECK(epoch_of_build("SOURCE_DATE_EPOCH=0") == "1795219200");
  CHECK(epoch_of_build("SOURCE_DATE_EPOCH=2000000000") == "2000000000");
}

}  // namespace scops::test
