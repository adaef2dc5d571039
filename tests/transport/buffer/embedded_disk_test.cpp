// The embedded buffer and the disk: what it costs, and what happens when there is none left.

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "core/io/block_codec.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/transport/buffer/embedded_fixture.hpp"

namespace {

std::atomic<int> syncs{0};
std::string safe_folder;  // where what was synced is copied to, unless empty

void copy_to_safety(int fd) {
  std::error_code ignored;
  const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored);
  std::filesystem::copy_file(path, std::filesystem::path(safe_folder) / path.filename(),
                             std::filesystem::copy_options::overwrite_existing, ignored);
}

}  // namespace

// SQLite's own calls come here, since the executable is asked first.
extern "C" int fdatasync(int fd) {
  ++syncs;
  if (!safe_folder.empty()) copy_to_safety(fd);
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

namespace scops {
namespace {

namespace fs = std::filesystem;
using test::ack;
using test::block_of;
using test::EmbeddedFixture;
using test::FolderFixture;
using test::put;
using test::read;

// A disk that is soon full: a small tmpfs where mounting is allowed, else a limit on the size of files.
class SmallDisk {
 public:
  SmallDisk(const std::string& folder, std::size_t kib) : folder_(folder) {
    const std::string size = "size=" + std::to_string(kib) + "k";
    mounted_ = ::mount("none", folder.c_str(), "tmpfs", 0, size.c_str()) == 0;
    if (!mounted_) limit(kib * 1024 / 2);
  }
  ~SmallDisk() {
    if (mounted_)
      ::umount2(folder_.c_str(), MNT_DETACH);
    else
      limit(RLIM_INFINITY);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  void make_room() {
    if (mounted_)
      REQUIRE(::mount("none", folder_.c_str(), "tmpfs", MS_REMOUNT, "size=64m") == 0);
    else
      limit(RLIM_INFINITY);
  }

 private:
  static void limit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit now{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &now) == 0);
    now.rlim_cur = bytes;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &now) == 0);
  }

  std::string folder_;
  bool mounted_ = false;
};

// Some 35 KiB that do not compress.
Block large_block(std::uint64_t mark) {
  std::vector<Sample> samples;
  for (std::uint64_t i = 1; i < 6000; ++i) samples.push_back({0, 1000, 1.0 / static_cast<double>(i + mark)});
  return encode_block(std::vector<Series>(1), samples);
}

TEST_CASE("a put costs one sync, and all the rest none", "[buffer][embedded]") {
  FolderFixture fixture;
  const auto buffer = fixture.open(test::buffer_settings(), {"a", "b"});
  put(*buffer, block_of(10, fixture.clock.wall()));
  const int syncs_before = syncs;
  const double commits_before = fixture.commits();
  for (int i = 1; i <= 20; ++i) {
    put(*buffer, block_of(10, fixture.clock.wall()));
    for (const char* output : {"a", "b"}) ack(*buffer, output, read(*buffer, output));
    REQUIRE(buffer->maintain(fixture.clock.wall()));
    CHECK(syncs == syncs_before + i);
    CHECK(fixture.commits() == commits_before + i);
  }
}

// What a power cut leaves is at least what was synced of each file, and at most what was written to it.
TEST_CASE("a power cut after a put loses nothing, whatever of the unsynced writes survives",
          "[buffer][embedded]") {
  EmbeddedFixture fixture;
  const test::TempDir safe;
  safe_folder = safe.path();
  const auto buffer = fixture.open_store();
  for (std::uint64_t i = 0; i < 60; ++i) {
    put(*buffer, large_block(i));
    const auto waiting = read(*buffer, "a");
    for (const bool whole_file : {false, true}) {
      for (const bool whole_log : {false, true}) {
        EmbeddedFixture after;
        fs::copy_file((whole_file ? fixture.dir : safe) / "buffer.db", after.path());
        fs::copy_file((whole_log ? fixture.dir : safe) / "buffer.db-wal", after.path() + "-wal");
        const auto found = after.open_store();
        REQUIRE(test::ids_of(read(*found, "a")) == test::ids_of(waiting));
        REQUIRE(after.dropped("damaged") == 0);
      }
    }
    if (i % 4 != 0) ack(*buffer, "a", {waiting.front()});
  }
  safe_folder.clear();
}

TEST_CASE("the log is moved into the file now and then, and stays small", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  const auto buffer = fixture.open_store();
  const int syncs_before = syncs;
  for (int i = 0; i < 400; ++i) {
    put(*buffer, large_block(1));
    ack(*buffer, "a", read(*buffer, "a"));
  }
  CHECK(syncs > syncs_before + 400);
  CHECK(syncs < syncs_before + 460);
  CHECK(fs::file_size(fixture.path() + "-wal") < 1200 * 1024);
  CHECK(fs::file_size(fixture.path()) < 300 * 1024);
}

TEST_CASE("the file stays near its limit, however much goes through it", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  BufferSettings settings = test::buffer_settings();
  settings.bytes_max = {256U << 10U};
  const auto buffer = fixture.open_store(settings);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    Block block = block_of(1, fixture.clock.wall(), i);
    block.bytes.append(static_cast<std::size_t>(i % 7) * 400, 'x');
    put(*buffer, std::move(block));
  }
  CHECK(buffer->stats().bytes <= settings.bytes_max.count);
  CHECK(buffer->stats().bytes > settings.bytes_max.count - 4000);
  CHECK(fs::file_size(fixture.path()) < 2 * settings.bytes_max.count);
}

TEST_CASE("a full disk loses nothing and is made up for when it has room", "[buffer][embedded]") {
  FolderFixture fixture;
  SmallDisk disk(fixture.dir.path(), 256);
  auto buffer = fixture.open(test::buffer_settings(), {"a"});
  const test::CapturedLog log;
  const std::uint64_t number = 400;
  for (std::uint64_t i = 0; i < number; ++i) {
    put(*buffer, block_of(100, fixture.clock.wall(), 1'000'000'007 * i));
    REQUIRE(buffer->maintain(fixture.clock.wall()));
  }
  CHECK_FALSE(buffer->stats().durable);
  CHECK_FALSE(buffer->stats().trouble.empty());
  CHECK(buffer->stats().blocks == number);
  CHECK(log.count("store_refuses") <= 1);
  const auto before = read(*buffer, "a");
  REQUIRE(before.size() == number);
  for (std::size_t i = 0; i < number; ++i) {
    REQUIRE(before[i].bytes == block_of(100, fixture.clock.wall(), 1'000'000'007ULL * i).bytes);
  }

  disk.make_room();
  REQUIRE(buffer->maintain(fixture.clock.wall()));
  CHECK(buffer->stats().durable);
  CHECK(buffer->stats().trouble.empty());
  CHECK(log.count("store_recovered") == 1);
  // What was read before it moved is acked by the ids it had then.
  ack(*buffer, "a", {before[0], before[number - 1]});
  buffer.reset();
  buffer = fixture.open(test::buffer_settings(), {"a"});
  const auto after = read(*buffer, "a");
  REQUIRE(after.size() == number - 2);
  CHECK(after.front().bytes == before[1].bytes);
  CHECK(after.back().bytes == before[number - 2].bytes);
  CHECK(fixture.dropped("memory") == 0);
  buffer.reset();
}

TEST_CASE("blocks stored before the disk was full can be read and acked", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  SmallDisk disk(fixture.dir.path(), 256);
  auto buffer = fixture.open_store();
  std::uint64_t stored = 0;
  Result<BlockId> last = BlockId{};
  while (stored < 1000) {
    last = buffer->put(block_of(100, fixture.clock.wall(), 1'000'000'007 * stored));
    if (!last) break;
    ++stored;
  }
  REQUIRE_FALSE(last);
  CHECK(last.error().kind == ErrorKind::retry);
  CHECK(read(*buffer, "a").size() == stored);
  const auto blocks = read(*buffer, "a");
  (void)buffer->ack("a", test::ids_of({blocks[0]})).has_value();
  CHECK(read(*buffer, "a").size() == stored - 1);
  disk.make_room();
  put(*buffer, block_of(1, fixture.clock.wall()));
  CHECK(read(*buffer, "a").size() == stored);
  buffer.reset();
}

TEST_CASE("a disk that is full from the start is used once it has room", "[buffer][embedded]") {
  FolderFixture fixture;
  SmallDisk disk(fixture.dir.path(), 8);
  auto buffer = fixture.open(test::buffer_settings(), {"a"});
  for (std::uint64_t i = 0; i < 20; ++i) put(*buffer, block_of(100, fixture.clock.wall(), 1'000'000'007 * i));
  CHECK_FALSE(buffer->stats().durable);
  CHECK(read(*buffer, "a").size() == 20);
  disk.make_room();
  REQUIRE(buffer->maintain(fixture.clock.wall()));
  CHECK(buffer->stats().durable);
  buffer.reset();
  buffer = fixture.open(test::buffer_settings(), {"a"});
  CHECK(read(*buffer, "a").size() == 20);
  buffer.reset();
}

}  // namespace
}  // namespace scops
