#include "collectors/pull/k8s/sample_time.hpp"

#include <catch2/catch.hpp>

using scops::k8s::parse_sample_time;

TEST_CASE("k8s: times of samples are RFC 3339") {
  CHECK(parse_sample_time("1970-01-01T00:00:00Z") == 0);
  CHECK(parse_sample_time("2026-01-13T18:40:14Z") == 1768329614);
  CHECK(parse_sample_time("2026-01-13T18:40:14.123456789Z") == 1768329614);
  CHECK(parse_sample_time("2026-01-13T19:40:14+01:00") == 1768329614);
  CHECK(parse_sample_time("2026-01-13T13:10:14-05:30") == 1768329614);
}

TEST_CASE("k8s: what is no time is none") {
  const char* text =
      GENERATE("", "Z", "2026-01-13", "2026-13-13T18:40:14Z", "2026-02-30T18:40:14Z", "2026-01-13T18:40:14",
               "2026-01-13T18:40:14.", "2026-01-13T18:40:14+0100", "2026-01-13T18:40:+4Z",
               "2026-01-13T18:40:14Zulu", "yesterday, about noon, or so");
  CAPTURE(text);
  CHECK_FALSE(parse_sample_time(text).has_value());
}
