#include "collectors/pull/host/load.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using namespace scops::host;

TEST_CASE("the load average must parse") {
  const auto load = parse_loadavg("0.20 0.18 0.12 1/80 11206\n");
  REQUIRE(load);
  CHECK(load->load == std::array<double, 3>{0.20, 0.18, 0.12});
  CHECK(load->threads == 80);
  CHECK(parse_loadavg("0.00 0.00 0.00 0/1 1"));
  CHECK(parse_loadavg("1024.00 999.99 12.00 7/2222 4194303\n"));
}

TEST_CASE("what is no load average must not parse") {
  for (const char* text :
       {"", "0.20", "0.20 0.18 0.12", "0.20 0.18 0.12 1/80", "0.20 0.18 x 1/80 11206",
        "-0.20 0.18 0.12 1/80 11206", "nan 0.18 0.12 1/80 11206", "0.20 0.18 0.12 180 11206",
        "0.20 0.18 0.12 1/80 11206 more", "0,20 0,18 0,12 1/80 11206"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_loadavg(text));
  }
}

TEST_CASE("each period of the load average is sent when wanted") {
  test::RecordingEmit emit;
  emit_load({.load = {0, 1, 2.5}, .threads = 3}, {.load = {true, false, true}}, emit);
  CHECK(emit.lines == std::vector<std::string>{"host.la period:1m = 0", "host.la period:15m = 2.5"});
}
