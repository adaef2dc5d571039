#include "transport/buffer/buffer.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/config/check_tables.hpp"
#include "core/config/load.hpp"
#include "tests/support/blocks.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops {
namespace {

using test::block_of;
using test::put;
using test::read;

struct Opener {
  Result<std::unique_ptr<Buffer>> open(const std::string& folder) {
    return open_buffer(settings, {folder, {"a"}, &clock, &stats});
  }
  BufferSettings settings = test::buffer_settings();
  test::FakeClock clock;
  Stats stats;
};

// Root may write anywhere: for a while we are somebody else.
class Unprivileged {
 public:
  Unprivileged() {
    if (was_root_) REQUIRE(::seteuid(65534) == 0);
  }
  ~Unprivileged() {
    if (was_root_ && ::seteuid(0) != 0) std::abort();
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  bool was_root_ = ::geteuid() == 0;
};

void check_memory_only(Buffer& buffer) {
  CHECK_FALSE(buffer.stats().durable);
  put(buffer, block_of(1, 1));
  CHECK(read(buffer, "a").size() == 1);
}

TEST_CASE("the buffer's options are well-formed", "[buffer]") {
  const std::vector<Section> sections = {buffer_section()};
  CHECK(check_tables(sections) == std::vector<std::string>{});
}

TEST_CASE("without settings the buffer chooses itself, with the limits of the contract", "[buffer]") {
  const std::vector<Section> sections = {buffer_section()};
  CHECK(load(sections, {}).problems.empty());
  const auto& settings = *static_cast<const BufferSettings*>(sections[0].settings.get());
  CHECK(settings.type == "auto");
  CHECK(settings.metric_ttl == std::chrono::seconds(14400));
  CHECK(settings.log_ttl == std::chrono::seconds(64800));
  CHECK(settings.bytes_max.count == 64U << 20U);
  CHECK(settings.hold == std::chrono::seconds(0));
  CHECK(settings.memory_max.count == 8U << 20U);
}

TEST_CASE("the names of Chouette set the buffer's options", "[buffer]") {
  const std::vector<Section> sections = {buffer_section()};
  const Loaded loaded =
      load(sections, {.environment = {"METRIC_TTL=60", "LOG_TTL=120", "CHOUETTE_STORAGE_TYPE=memory"}});
  CHECK(loaded.problems.empty());
  const auto& settings = *static_cast<const BufferSettings*>(sections[0].settings.get());
  CHECK(settings.type == "memory");
  CHECK(settings.metric_ttl == std::chrono::seconds(60));
  CHECK(settings.log_ttl == std::chrono::seconds(120));
}

TEST_CASE("type memory is quiet about being memory", "[buffer]") {
  Opener opener;
  opener.settings.type = "memory";
  const test::TempDir dir;
  const auto buffer = opener.open(dir.path());
  REQUIRE(buffer);
  CHECK_FALSE((*buffer)->stats().durable);
  CHECK((*buffer)->stats().trouble.empty());
  CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("without a state folder the buffer is memory, and says so once", "[buffer]") {
  Opener opener;
  const test::CapturedLog log;
  const auto buffer = opener.open("");
  REQUIRE(buffer);
  check_memory_only(**buffer);
  CHECK(log.count("memory_only") == 1);
  CHECK(log.count("SCOPS_BUFFER_TYPE=memory") == 1);
}

TEST_CASE("a folder that cannot be written to is like none", "[buffer]") {
  const test::TempDir dir;
  Opener opener;
  const test::CapturedLog log;
  REQUIRE(::chmod(dir.path().c_str(), S_IRUSR | S_IXUSR | S_IROTH | S_IXOTH) == 0);
  {
    const Unprivileged somebody;
    const auto buffer = opener.open(dir.path());
    REQUIRE(buffer);
    check_memory_only(**buffer);
  }
  CHECK(log.count("Permission denied") == 1);
  REQUIRE(::chmod(dir.path().c_str(), S_IRWXU) == 0);
}

TEST_CASE("a path that can be no folder is like none", "[buffer]") {
  const test::TempDir dir;
  std::ofstream(dir / "file") << "x";
  Opener opener;
  for (const std::string& folder : {dir / "file", dir / "file/deeper", std::string("/proc/self")}) {
    const auto buffer = opener.open(folder);
    REQUIRE(buffer);
    check_memory_only(**buffer);
  }
}

TEST_CASE("a folder that cannot be used is tried again at each flush", "[buffer]") {
  const test::TempDir dir;
  std::ofstream(dir / "mount") << "x";
  Opener opener;
  const test::CapturedLog log;
  const auto buffer = opener.open(dir / "mount/deep/state");
  REQUIRE(buffer);
  CHECK(log.count("memory_only") == 1);
  CHECK(log.count(dir / "mount/deep/state") == 1);
  CHECK(log.count("Not a directory") == 1);
  CHECK(read(**buffer, "a").empty());
  put(**buffer, block_of(1, opener.clock.wall()));
  CHECK((*buffer)->maintain(opener.clock.wall()));
  CHECK_FALSE((*buffer)->stats().durable);
  std::filesystem::remove(dir / "mount");
  CHECK((*buffer)->maintain(opener.clock.wall()));
  CHECK((*buffer)->stats().durable);
  CHECK(std::filesystem::exists(dir / "mount/deep/state/buffer.db"));
  CHECK(log.count("store_recovered") == 1);
}

TEST_CASE("who only has a look is told that the folder cannot be used", "[buffer]") {
  const test::TempDir dir;
  std::ofstream(dir / "file") << "x";
  Opener opener;
  const test::CapturedLog log;
  const auto buffer = open_buffer(opener.settings, {dir / "file", {}, &opener.clock, &opener.stats});
  REQUIRE_FALSE(buffer);
  CHECK(buffer.error().text.find(dir / "file") != std::string::npos);
  CHECK(log.count("memory_only") == 0);
}

TEST_CASE("a missing state folder is made, for our eyes only", "[buffer]") {
  const test::TempDir dir;
  Opener opener;
  const auto buffer = opener.open(dir / "deep/state");
  REQUIRE(buffer);
  CHECK((*buffer)->stats().durable);
  struct stat made {};
  REQUIRE(::stat((dir / "deep/state").c_str(), &made) == 0);
  CHECK((made.st_mode & (S_IRWXG | S_IRWXO)) == 0);
}

TEST_CASE("a second agent on the same folder is refused until the first one ends", "[buffer]") {
  const test::TempDir dir;
  Opener opener;
  auto first = opener.open(dir.path());
  REQUIRE(first);
  const auto second = opener.open(dir.path());
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == ErrorKind::refused);
  CHECK(second.error().text.find(dir.path()) != std::string::npos);
  CHECK(second.error().text.find('\n') == std::string::npos);
  put(**first, block_of(1, opener.clock.wall()));
  first = Error{};
  const auto third = opener.open(dir.path());
  REQUIRE(third);
  CHECK(read(**third, "a").size() == 1);
}

TEST_CASE("type auto without a Redis is embedded", "[buffer]") {
  const test::TempDir dir;
  Opener opener;
  opener.settings.type = "auto";
  const auto buffer = opener.open(dir.path());
  REQUIRE(buffer);
  CHECK(std::filesystem::exists(dir / "buffer.db"));
}

TEST_CASE("type redis without a Redis is refused", "[buffer]") {
  Opener opener;
  opener.settings.type = "redis";
  const auto buffer = opener.open("");
  REQUIRE_FALSE(buffer);
  CHECK(buffer.error().kind == ErrorKind::refused);
}

TEST_CASE("more outputs than the books have room for are refused", "[buffer]") {
  Opener opener;
  const std::vector<std::string> outputs(33, "a");
  const auto buffer = open_buffer(opener.settings, {"", outputs, &opener.clock, &opener.stats});
  REQUIRE_FALSE(buffer);
  CHECK(buffer.error().kind == ErrorKind::refused);
}

}  // namespace
}  // namespace scops
