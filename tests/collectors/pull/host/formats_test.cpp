#include "collectors/pull/host/formats.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using test::RecordingEmit;

namespace {

RecordingEmit parse(std::string_view name, std::string_view input) {
  RecordingEmit emit;
  const auto* format = std::find_if(host::host_formats.begin(), host::host_formats.end(),
                                    [&](const Format& known) { return known.name == name; });
  REQUIRE(format != host::host_formats.end());
  format->parse(input, emit);
  return emit;
}

std::vector<std::string> parts(const RecordingEmit& emit) {
  std::vector<std::string> names;
  for (const auto& trouble : emit.troubles) names.push_back(trouble.part);
  return names;
}

}  // namespace

TEST_CASE("two readings of stat give percentages between them") {
  const RecordingEmit emit = parse("proc-stat", "cpu  0 0 0 0 0 0 0 0\ncpu  25 0 0 75 0 0 0 0\n");
  CHECK(emit.value("host.cpu.percentage") == 25);
  CHECK(emit.value("host.cpu.mode mode:idle") == 75);
}

TEST_CASE("one reading of stat gives process counts only") {
  CHECK(parse("proc-stat", "cpu  1 0 0 1\nprocs_running 3\n").lines ==
        std::vector<std::string>{"host.processes.running = 3"});
}

TEST_CASE("lines of later readings keep their numbers") {
  CHECK(parts(parse("proc-stat", "bad\ncpu  1 0 0 1\ncpu  x\ncpu  2 0 0 2\nworse\n")) ==
        std::vector<std::string>{"line 1", "line 3", "line 5"});
}

TEST_CASE("each format rejects its bad lines by number") {
  CHECK(parts(parse("meminfo", "MemTotal: 5 kB\nx\n")) == std::vector<std::string>{"line 2"});
  CHECK(parts(parse("loadavg", "1 2 3")) == std::vector<std::string>{"line 1"});
  CHECK(parts(parse("net-dev", "\n\neth0: x\n")) == std::vector<std::string>{"line 3"});
  CHECK(parts(parse("diskstats", "8 0 sda 1\n")) == std::vector<std::string>{"line 1"});
  CHECK(parts(parse("pressure", "some avg60=x total=1\n")) == std::vector<std::string>{"line 1"});
}

TEST_CASE("each format emits what its file holds") {
  CHECK(parse("meminfo", "MemTotal: 5 kB\nMemFree: 2 kB\nMemAvailable: 3 kB\n").lines ==
        std::vector<std::string>{"host.memory.available = 3072"});
  CHECK(parse("loadavg", "1 2 3 4/5 6\n").lines.size() == 4);
  CHECK(parse("net-dev", "eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n").lines.size() == 6);
  CHECK(parse("diskstats", "8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n").lines.size() == 5);
  CHECK(parse("pressure", "some avg60=1.5 total=2000000\n").lines ==
        std::vector<std::string>{"host.pressure.some = 1.5", "host.pressure.some.total = 2"});
}

TEST_CASE("nothing in gives nothing out") {
  for (const Format& format : host::host_formats) {
    RecordingEmit emit;
    format.parse("", emit);
    CHECK(emit.lines.empty());
  }
}
