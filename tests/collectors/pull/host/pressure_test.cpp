#include "collectors/pull/host/pressure.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using namespace scops::host;

namespace {

bool is_rejected(std::string_view line) {
  Rejects rejects;
  (void)parse_pressure(line, rejects);
  return !rejects.status("pressure").has_value();
}

}  // namespace

TEST_CASE("pressure is sent as percent of the last minute and as seconds since boot") {
  Rejects rejects;
  const Pressure pressure = parse_pressure(
      "some avg10=0.00 avg60=1.25 avg300=0.40 total=4985102\nfull avg10=0.00 avg60=0.00 avg300=0.00 "
      "total=0\n",
      rejects);
  test::RecordingEmit emit;
  emit_pressure(pressure, "io", emit);
  CHECK(emit.lines == std::vector<std::string>{"host.pressure.some resource:io = 1.25",
                                               "host.pressure.some.total resource:io = 4.985102",
                                               "host.pressure.full resource:io = 0",
                                               "host.pressure.full.total resource:io = 0"});
}

TEST_CASE("a kernel that has no line 'full' gives no such value") {
  Rejects rejects;
  const Pressure pressure = parse_pressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n", rejects);
  CHECK(pressure.some);
  CHECK_FALSE(pressure.full);
}

TEST_CASE("pressure lines that must parse") {
  CHECK_FALSE(is_rejected("some avg10=0.00 avg60=0.00 avg300=0.00 total=0"));
  CHECK_FALSE(is_rejected("full avg60=100.00 total=18446744073709551615 later=x"));
}

TEST_CASE("pressure lines that must not parse") {
  CHECK(is_rejected("some"));
  CHECK(is_rejected("some avg10=0.00 avg60=0.00 avg300=0.00"));
  CHECK(is_rejected("none avg10=0.00 avg60=0.00 avg300=0.00 total=0"));
  CHECK(is_rejected("some avg60=-1 total=0"));
  CHECK(is_rejected("some avg60=nan total=0"));
  CHECK(is_rejected("some avg60=1 total=-1"));
  CHECK(is_rejected("some avg60=1 avg60=1"));
  CHECK(is_rejected("some avg60= total="));
}
