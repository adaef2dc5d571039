#include "collectors/pull/host/filesystem.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using namespace scops::host;
using test::RecordingEmit;

namespace {

struct statvfs answer(fsblkcnt_t blocks, fsblkcnt_t free, fsblkcnt_t available) {
  struct statvfs got {};
  got.f_bsize = 4096;
  got.f_frsize = 1024;
  got.f_blocks = blocks;
  got.f_bfree = free;
  got.f_bavail = available;
  return got;
}

}  // namespace

TEST_CASE("used counts what root may still take, free what users may") {
  RecordingEmit emit;
  emit_space(answer(1000, 300, 250), "/dev/sda1", emit);
  CHECK(emit.lines == std::vector<std::string>{"host.fs.used device:/dev/sda1 = 716800",
                                               "host.fs.free device:/dev/sda1 = 256000"});
}

TEST_CASE("a full file system has 0 free, which is a value") {
  RecordingEmit emit;
  emit_space(answer(10, 0, 0), "d", emit);
  CHECK(emit.value("host.fs.free device:d") == 0);
}

TEST_CASE("a file system without fragments counts in blocks") {
  struct statvfs got = answer(10, 5, 5);
  got.f_frsize = 0;
  RecordingEmit emit;
  emit_space(got, "d", emit);
  CHECK(emit.value("host.fs.used device:d") == 5 * 4096);
}

TEST_CASE("a file system that counts no blocks, or impossible ones, gives no values") {
  RecordingEmit emit;
  emit_space(answer(0, 0, 0), "d", emit);
  emit_space(answer(10, 11, 0), "d", emit);
  CHECK(emit.lines.empty());
}

TEST_CASE("inodes are sent where their number is fixed") {
  RecordingEmit emit;
  struct statvfs got = answer(10, 5, 5);
  emit_inodes(got, "d", emit);
  CHECK(emit.lines.empty());
  got.f_files = 100;
  got.f_ffree = 40;
  got.f_favail = 30;
  emit_inodes(got, "d", emit);
  CHECK(emit.lines ==
        std::vector<std::string>{"host.fs.inodes.used device:d = 60", "host.fs.inodes.free device:d = 30"});
}
