#include "collectors/proc/lines.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using test::RecordingEmit;

TEST_CASE("lines are numbered as an editor does, empty ones included") {
  LineReader lines("a\n\n \nb");
  std::string_view line;
  REQUIRE(lines.next(line));
  CHECK(line == "a");
  CHECK(lines.number() == 1);
  REQUIRE(lines.next(line));
  CHECK(line == "b");
  CHECK(lines.number() == 4);
  CHECK_FALSE(lines.next(line));
}

TEST_CASE("lines may end as on Windows") {
  LineReader lines("a b\r\n\r\nc\r");
  std::string_view line;
  REQUIRE(lines.next(line));
  CHECK(line == "a b");
  REQUIRE(lines.next(line));
  CHECK(line == "c");
  CHECK_FALSE(lines.next(line));
}

TEST_CASE("rejected lines become one error for a collector") {
  Rejects rejects;
  CHECK(rejects.status("/proc/x").has_value());
  rejects.add(3, "bad\x01line");
  rejects.add(7, "another");
  const Status status = rejects.status("/proc/x");
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().kind == ErrorKind::drop);
  CHECK(status.error().text == "/proc/x: line 3 not understood: 'bad?line' (2 such lines)");
}

TEST_CASE("rejected lines are told one by one to a person") {
  RecordingEmit emit;
  Rejects rejects(emit);
  rejects.add(3, "bad");
  rejects.start_after(10);
  rejects.add(1, "worse");
  REQUIRE(emit.troubles.size() == 2);
  CHECK(emit.troubles[0].part == "line 3");
  CHECK(emit.troubles[1].part == "line 11");
}
