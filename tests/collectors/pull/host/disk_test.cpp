#include "collectors/pull/host/disk.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using namespace scops::host;

namespace {

std::vector<Disk> parse(std::string_view text) {
  std::vector<Disk> disks;
  Rejects rejects;
  parse_diskstats(text, disks, rejects);
  return disks;
}

}  // namespace

TEST_CASE("a disk is sent with bytes, operations and seconds") {
  const auto disks = parse(" 179       0 mmcblk0 10 1 20 30 40 2 50 60 0 2500 80 0 0 0 0 0 0\n");
  REQUIRE(disks.size() == 1);
  test::RecordingEmit emit;
  emit_disk(disks[0], emit);
  CHECK(emit.lines == std::vector<std::string>{"host.disk.bytes.read device:mmcblk0 = 10240",
                                               "host.disk.bytes.written device:mmcblk0 = 25600",
                                               "host.disk.operations.read device:mmcblk0 = 10",
                                               "host.disk.operations.written device:mmcblk0 = 40",
                                               "host.disk.busy device:mmcblk0 = 2.5"});
}

TEST_CASE("disk lines of kernels before 4.18 must parse") {
  CHECK(parse("8 0 sda 10 1 20 30 40 2 50 60 0 70 80").size() == 1);
}

TEST_CASE("disk lines that must not parse") {
  for (const char* line : {"8 0 sda", "8 0 sda 10 1 20 30", "x 0 sda 10 1 20 30 40 2 50 60 0 70 80",
                           "8 0 sda 10 1 20 30 40 2 -50 60 0 70 80", "8 0 sda 10 1 20 30 40 2 50 60 0 70",
                           "8 0 10 1 20 30 40 2 50 60 0 70 80"}) {
    CAPTURE(line);
    CHECK(parse(line).empty());
  }
}
