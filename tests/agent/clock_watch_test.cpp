#include "agent/clock_watch.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/io/files.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

constexpr TimeMs built = 1'600'000'000'000;
constexpr TimeMs today = 1'700'000'000'000;
constexpr TimeMs ttl = 14'400'000;

// A folder that comes after the first look, in boot 7.
struct LateFolder {
  LateFolder() {
    watch.look(0);
    std::filesystem::create_directory(parent / "late");
  }
  const CapturedLog quiet;
  const TempDir parent;
  const std::string file = parent / "late/clock";
  const FakeClock clock{today};
  Timeline timeline{clock, 7, built};
  ClockWatch watch{timeline, parent / "late"};
};

}  // namespace

TEST_CASE("a boot's tag is the same as long as it lasts") {
  CHECK(boot_tag() != 0);
  CHECK(boot_tag() == boot_tag());
}

TEST_CASE("a clock that is not set, is set and steps is said once each", "[time]") {
  const CapturedLog log;
  FakeClock clock(60'000);
  Timeline timeline(clock, 7, built);
  ClockWatch watch(timeline, "");
  watch.look(0);
  clock.advance(1000);
  watch.look(1);
  CHECK(log.count("clock_not_set") == 1);
  CHECK(log.count("clock_stepped") == 0);
  clock.set_wall(today);
  watch.look(2);
  watch.look(2);
  CHECK(log.count("clock_stepped") == 1);
  CHECK(log.count("clock_set ") == 1);
  clock.set_wall(today - 3000);
  watch.look(2);
  CHECK(log.count("clock_stepped") == 2);
}

TEST_CASE("what the clock of a boot was at last is known to the next one", "[time]") {
  const TempDir folder;
  FakeClock clock(60'000);
  Stamp stamp;
  {
    Timeline timeline(clock, 7, built);
    stamp = timeline.stamp();
    ClockWatch watch(timeline, folder.path());
    watch.look(0);
    CHECK_FALSE(read_file(folder / "clock"));  // nothing is known yet
    clock.set_wall(today);
    watch.look(0);
  }
  clock.set_boot(5000);
  Timeline next(clock, 8, built);
  CHECK(next.date(next.now(), stamp, 60'000, ttl).verdict == Timeline::Verdict::undated);
  ClockWatch watch(next, folder.path());
  const Timeline::Date date = next.date(next.now(), stamp, 60'000, ttl);
  CHECK(date.verdict == Timeline::Verdict::ready);
  CHECK(60'000 + date.shift <= today);
  CHECK(60'000 + date.shift >= today - 1);
}

TEST_CASE("any content of the file will do, and it stays small", "[time]") {
  const TempDir folder;
  const std::string path = folder / "clock";
  std::ofstream(path) << "7\nx y\n0 5\n8 -1\n99999999999 5\n9 1700000000000\n";
  FakeClock clock(today);
  for (std::uint32_t boot = 100; boot < 140; ++boot) {
    Timeline timeline(clock, boot, built);
    ClockWatch(timeline, folder.path()).look(0);
  }
  const std::string content = read_file(path).value_or("");
  CHECK(std::count(content.begin(), content.end(), '\n') == static_cast<long>(boots_max));
  CHECK(content.find("139 ") != std::string::npos);
}

TEST_CASE("a folder that cannot be written is no trouble", "[time]") {
  const CapturedLog log;
  FakeClock clock(today);
  Timeline timeline(clock, 7, built);
  ClockWatch watch(timeline, "/proc/none");
  watch.look(0);
  watch.look(0);
  CHECK(log.count("clock_not_kept") == 1);
}

TEST_CASE("a clock that could not be written is written at the next look", "[time]") {
  LateFolder late;
  late.watch.look(0);
  CHECK_THAT(read_file(late.file).value_or(""), Catch::StartsWith("7 "));
}

TEST_CASE("what earlier boots knew is read and kept when the folder comes late", "[time]") {
  LateFolder late;
  std::ofstream(late.file) << "6 " << today - 100'000 << "\n";
  late.watch.look(0);
  const Stamp unset = {.boot = 6, .offset = 0};
  CHECK(late.timeline.date(late.timeline.now(), unset, 60'000, ttl).verdict == Timeline::Verdict::ready);
  const auto boots = parse_boots(read_file(late.file).value_or(""));
  REQUIRE(boots.size() == 2);
  CHECK(boots.front().first == 6);
}

}  // namespace scops::test
