#include "collectors/listen/chouette/iso_time.hpp"

#include <catch2/catch.hpp>

using scops::chouette::parse_iso_time;

TEST_CASE("dates as Python's isoformat writes them are times") {
  CHECK(parse_iso_time("1970-01-01T00:00:00") == 0);
  CHECK(parse_iso_time("2026-11-21T10:55:03") == 1'795'258'503'000);
  CHECK(parse_iso_time("2026-11-21 10:55:03") == 1'795'258'503'000);
  CHECK(parse_iso_time("2026-11-21T10:55:03.123456") == 1'795'258'503'123);
  CHECK(parse_iso_time("2026-11-21T10:55:03.5Z") == 1'795'258'503'500);
  CHECK(parse_iso_time("2026-11-21T11:55:03+01:00") == 1'795'258'503'000);
  CHECK(parse_iso_time("2026-11-21T10:25:03.000-0030") == 1'795'258'503'000);
}

TEST_CASE("what is no date is no time") {
  for (const char* text : {"", "2026", "2026-13-01T00:00:00", "2026-02-30T00:00:00", "2026-11-21",
                           "yesterday", "2026-11-21T10:55", "2026-11-21T10:55:03+1", "2026-11-21T10:55:03 x",
                           "2026/11/21T10:55:03", "-026-11-21T10:55:03"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_iso_time(text));
  }
}
