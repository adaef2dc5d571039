#include "collectors/pull/host/wear.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace scops::host;

TEST_CASE("the life of an eMMC is a percentage at most used") {
  CHECK(parse_life_time("0x03 0x01\n")[0] == 30);
  CHECK(parse_life_time("0x03 0x01\n")[1] == 10);
  CHECK(parse_life_time("0x0a 0x0B\n")[0] == 100);
  CHECK(parse_life_time("0x0a 0x0B\n")[1] == 110);
}

TEST_CASE("a life that the device does not define is absent") {
  CHECK_FALSE(parse_life_time("0x00 0x01")[0]);
  CHECK(parse_life_time("0x00 0x01")[1] == 10);
  for (const char* text : {"", "0x0c 0xff", "x y", "-1 -1", "0x 0x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_life_time(text)[0]);
    CHECK_FALSE(parse_life_time(text)[1]);
  }
}

TEST_CASE("the reserve of an eMMC is normal, warning or urgent") {
  CHECK(parse_pre_eol("0x01\n") == 1);
  CHECK(parse_pre_eol("0x03") == 3);
  for (const char* text : {"", "0x00", "0x04", "0x", "normal", "0x01 0x01"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_pre_eol(text));
  }
}

TEST_CASE("written bytes are the seventh number of a block device") {
  CHECK(parse_block_written("    1 2 3 4 5 6 10 8 9 10 11\n") == 5120);
  CHECK_FALSE(parse_block_written("1 2 3 4 5 6"));
  CHECK_FALSE(parse_block_written("1 2 3 4 5 6 x"));
  CHECK_FALSE(parse_block_written(""));
}
