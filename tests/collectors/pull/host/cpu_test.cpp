#include "collectors/pull/host/cpu.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using namespace scops::host;
using test::RecordingEmit;

namespace {

constexpr CpuGroups all_groups{.total = true, .cores = true, .modes = true, .processes = true};

StatSnapshot parse(std::string_view text) {
  StatSnapshot snapshot;
  Rejects rejects;
  parse_stat(text, snapshot, rejects);
  return snapshot;
}

bool is_rejected(std::string_view line) {
  StatSnapshot snapshot;
  Rejects rejects;
  parse_stat(line, snapshot, rejects);
  return !rejects.status("stat").has_value();
}

}  // namespace

TEST_CASE("processor lines are read with all columns and without") {
  const StatSnapshot snapshot = parse("cpu  10 1 5 84 2 1 1 3 9 9\ncpu0 10 1 5 84\ncpu3 1 2 3 4 5 6 7 8\n");
  REQUIRE(snapshot.total);
  CHECK(snapshot.total->columns == 8);
  CHECK(snapshot.total->ticks[7] == 3);
  REQUIRE(snapshot.cores.size() == 2);
  CHECK(snapshot.cores[0].times.columns == 4);
  CHECK(snapshot.cores[1].number == 3);
}

TEST_CASE("process counts are read") {
  const StatSnapshot snapshot = parse("processes 6148\nprocs_running 4\nprocs_blocked 0\n");
  CHECK(snapshot.forks == 6148U);
  CHECK(snapshot.running == 4U);
  CHECK(snapshot.blocked == 0U);
}

TEST_CASE("statistics of names that nobody here knows are fine") {
  CHECK_FALSE(is_rejected("intr 12345 1 2 3"));
  CHECK_FALSE(is_rejected("btime 1700000000"));
  CHECK_FALSE(is_rejected("future_thing 1"));
}

TEST_CASE("lines that are no statistics are rejected") {
  CHECK(is_rejected("cpu"));
  CHECK(is_rejected("cpu  1 2 3"));
  CHECK(is_rejected("cpu  1 2 3 -4"));
  CHECK(is_rejected("cpu  1 2 3 99999999999999999999999"));
  CHECK(is_rejected("cpux 1 2 3 4"));
  CHECK(is_rejected("cpu1 1 2 3 4\ncpu1 1 2 3 4"));
  CHECK(is_rejected("cpu1 1 2 3 4\ncpu0 1 2 3 4"));
  CHECK(is_rejected("procs_running"));
  CHECK(is_rejected("procs_running many"));
  CHECK(is_rejected(std::string_view("\0\1\2", 3)));
}

TEST_CASE("cores that were not there before, or are not any more, are absent") {
  const StatSnapshot before = parse("cpu 1 0 0 1\ncpu0 0 0 0 0\ncpu1 0 0 0 0\ncpu2 0 0 0 0\n");
  const StatSnapshot now = parse("cpu 2 0 0 2\ncpu0 1 0 0 1\ncpu2 1 0 0 3\ncpu3 1 0 0 1\n");
  RecordingEmit emit;
  emit_cpu(before, now, {.cores = true}, emit);
  CHECK(emit.lines == std::vector<std::string>{"host.cpu.core.percentage core:0 = 50",
                                               "host.cpu.core.percentage core:2 = 25"});
}

// A core's idle time is another number while it is off, and the line of all counts those that are off, too.
TEST_CASE("all processors have no percentage when one of them came or went") {
  constexpr const char* both = "cpu 20 0 20 200000\ncpu0 10 0 10 90000\ncpu1 10 0 10 110000\n";
  constexpr const char* one = "cpu 21 0 21 91100\ncpu0 11 0 11 91000\n";
  for (const auto& [before, now] : {std::pair{both, one}, std::pair{one, both}}) {
    RecordingEmit emit;
    emit_cpu(parse(before), parse(now), {.total = true, .modes = true}, emit);
    CHECK(emit.lines.empty());
  }
}

TEST_CASE("all processors have no percentage when one was off and on again, even if the others hide it") {
  RecordingEmit emit;
  emit_cpu(parse("cpu 20 0 20 2000\ncpu0 10 0 10 1500\ncpu1 10 0 10 500\n"),
           parse("cpu 21 0 21 2600\ncpu0 11 0 11 2500\ncpu1 10 0 10 100\n"), all_groups, emit);
  CHECK(emit.lines == std::vector<std::string>{"host.cpu.core.percentage core:0 = 0.2"});
}

TEST_CASE("percentages have two decimals") {
  RecordingEmit emit;
  emit_cpu(parse("cpu 0 0 0 0"), parse("cpu 1 0 0 2"), {.total = true}, emit);
  CHECK(emit.lines == std::vector<std::string>{"host.cpu.percentage = 33.33"});
}

TEST_CASE("modes that an old kernel does not count are absent") {
  RecordingEmit emit;
  emit_cpu(parse("cpu 0 0 0 0"), parse("cpu 1 0 0 1"), {.modes = true}, emit);
  CHECK(emit.lines.size() == 4);
}

TEST_CASE("the first reading gives no percentages") {
  RecordingEmit emit;
  emit_cpu({}, parse("cpu 1 2 3 4\ncpu0 1 2 3 4\n"), all_groups, emit);
  CHECK(emit.lines.empty());
}
