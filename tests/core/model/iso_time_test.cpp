#include "core/model/iso_time.hpp"

#include <catch2/catch.hpp>
#include <string>

using scops::parse_isoformat;
using scops::parse_rfc3339;

namespace {

std::int64_t milliseconds(std::string_view text) {
  const auto rfc = parse_rfc3339(text);
  const auto python = parse_isoformat(text);
  REQUIRE(rfc);
  REQUIRE(python);
  CHECK(rfc->milliseconds() == python->milliseconds());
  return rfc->milliseconds();
}

}  // namespace

TEST_CASE("times of RFC 3339 are times, of any zone") {
  CHECK(milliseconds("1970-01-01T00:00:00Z") == 0);
  CHECK(milliseconds("2026-01-13T18:40:14Z") == 1'768'329'614'000);
  CHECK(milliseconds("2026-01-13T19:40:14+01:00") == 1'768'329'614'000);
  CHECK(milliseconds("2026-01-13T13:10:14-05:30") == 1'768'329'614'000);
  CHECK(milliseconds("2024-02-29T00:00:00-00:30") == 1'709'166'600'000);
  CHECK(milliseconds("1969-12-31T23:59:58.25Z") == -1750);
  CHECK(milliseconds("0001-01-01T00:00:00Z") == -62'135'596'800'000);
  CHECK(parse_rfc3339("2026-01-13t18:40:14z")->seconds == 1'768'329'614);
}

TEST_CASE("a fraction of a second is read to the nanosecond, and finer digits are cut") {
  CHECK(parse_rfc3339("1970-01-01T00:00:01.5Z")->nanoseconds == 500'000'000);
  CHECK(parse_rfc3339("2026-04-27T15:49:54.493486224+02:00")->nanoseconds == 493'486'224);
  CHECK(parse_rfc3339("2026-04-27T15:49:54.4934862249999999999999Z")->nanoseconds == 493'486'224);
}

TEST_CASE("dates as Python's isoformat writes them are times") {
  CHECK(parse_isoformat("1970-01-01T00:00:00")->milliseconds() == 0);
  CHECK(parse_isoformat("2026-11-21T10:55:03")->milliseconds() == 1'795'258'503'000);
  CHECK(parse_isoformat("2026-11-21 10:55:03")->milliseconds() == 1'795'258'503'000);
  CHECK(parse_isoformat("2026-11-21T10:55:03.123456")->milliseconds() == 1'795'258'503'123);
  CHECK(parse_isoformat("2026-11-21T10:55:03.5Z")->milliseconds() == 1'795'258'503'500);
  CHECK(parse_isoformat("2026-11-21T11:55:03+01:00")->milliseconds() == 1'795'258'503'000);
  CHECK(parse_isoformat("2026-11-21T10:25:03.000-0030")->milliseconds() == 1'795'258'503'000);
}

TEST_CASE("what only Python writes is no time of RFC 3339") {
  const char* text = GENERATE("2026-11-21T10:55:03", "2026-11-21 10:55:03Z", "2026-11-21T10:55:03+0100");
  CAPTURE(text);
  CHECK(parse_isoformat(text));
  CHECK_FALSE(parse_rfc3339(text));
}

TEST_CASE("what is no date, no time of day or no zone is no time") {
  const std::string text = GENERATE(
      "", "Z", "2026", "2026-11-21", "yesterday", "yesterday, about noon, or so", "2026-13-01T00:00:00Z",
      "2026-00-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-21T10:55", "2026-11-21T10:55:03+1",
      "2026-11-21T10:55:03 x", "2026/11/21T10:55:03Z", "-026-11-21T10:55:03Z", "2026-11-21x10:55:03Z",
      "2026-11-21T10:55:03.", "2026-11-21T10:55:03.Z", "2026-11-21T10:55:+3Z", "2026-11-21T24:00:00Z",
      "2026-11-21T10:60:00Z", "2026-11-21T10:55:61Z", "2026-11-21T10:55:03Zulu", "2026-11-21T10:55:03+24:00",
      "2026-11-21T10:55:03+01:60", "2026-11-21T10:55:03+01:00:00");
  CAPTURE(text);
  CHECK_FALSE(parse_rfc3339(text));
  CHECK_FALSE(parse_isoformat(text));
}
