#include "collectors/pull/host/time.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using namespace scops::host;
using test::RecordingEmit;

TEST_CASE("a synchronised clock is sent with offset and error in seconds") {
  struct timex clock {};
  clock.offset = -1500;
  clock.maxerror = 250000;
  RecordingEmit emit;
  emit_time(clock, TIME_OK, emit);
  CHECK(emit.lines == std::vector<std::string>{"host.time.synchronised = 1", "host.time.offset = -0.0015",
                                               "host.time.error = 0.25"});
}

TEST_CASE("a clock in nanosecond mode has its offset in them") {
  struct timex clock {};
  clock.status = STA_NANO;
  clock.offset = 1500;
  RecordingEmit emit;
  emit_time(clock, TIME_INS, emit);
  CHECK(emit.value("host.time.offset") == 1500 / 1e9);
}

TEST_CASE("a clock that nobody disciplines has no offset") {
  struct timex clock {};
  clock.maxerror = 16000000;
  RecordingEmit unsynchronised;
  emit_time(clock, TIME_ERROR, unsynchronised);
  CHECK(unsynchronised.lines == std::vector<std::string>{"host.time.synchronised = 0"});
  clock.status = STA_UNSYNC;
  RecordingEmit flagged;
  emit_time(clock, TIME_OK, flagged);
  CHECK(flagged.lines == std::vector<std::string>{"host.time.synchronised = 0"});
}
