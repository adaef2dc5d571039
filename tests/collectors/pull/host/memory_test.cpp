#include "collectors/pull/host/memory.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using namespace scops::host;
using test::RecordingEmit;

namespace {

MemInfo parse(std::string_view text) {
  Rejects rejects;
  return parse_meminfo(text, rejects);
}

bool is_rejected(std::string_view line) {
  Rejects rejects;
  (void)parse_meminfo(line, rejects);
  return !rejects.status("meminfo").has_value();
}

RecordingEmit ram(const MemInfo& info, std::optional<double> low_watermark = {}) {
  RecordingEmit emit;
  emit_ram(info, available_memory(info, low_watermark), emit);
  return emit;
}

}  // namespace

TEST_CASE("memory is given in bytes") {
  const MemInfo info = parse("MemTotal:        2048 kB\nActive(file):   3 kB\nHugePages_Total:       7\n");
  CHECK(info.total == 2048.0 * 1024);
  CHECK(info.active_file == 3.0 * 1024);
  CHECK_FALSE(info.free);
}

TEST_CASE("lines of meminfo that must not parse") {
  CHECK(is_rejected("MemTotal 2048 kB"));
  CHECK(is_rejected("MemTotal: kB"));
  CHECK(is_rejected("MemTotal: -1 kB"));
  CHECK(is_rejected("MemTotal: 1 MB"));
  CHECK(is_rejected("MemTotal: 20"));
  CHECK(is_rejected("MemTotal: 1 kB extra"));
  CHECK(is_rejected("MemTotal: 18446744073709551616 kB"));
  CHECK(is_rejected(": 1 kB"));
}

TEST_CASE("lines of meminfo that must parse") {
  CHECK_FALSE(is_rejected("MemTotal:        2048 kB"));
  CHECK_FALSE(is_rejected("MemTotal:2048 kB\r"));
  CHECK_FALSE(is_rejected("NvMapMemUsed: 0 kB"));
  CHECK_FALSE(is_rejected("MemTotal: 18446744073709551615 kB"));
}

TEST_CASE("used memory is without buffers, cache and reclaimable slab") {
  const RecordingEmit emit =
      ram({.total = 1000, .free = 100, .available = 600, .buffers = 50, .cached = 400, .reclaimable = 30});
  CHECK(emit.value("host.memory.used") == 420);
  CHECK(emit.value("host.memory.available") == 600);
}

TEST_CASE("a container whose caches exceed its memory has used what is not free") {
  const RecordingEmit emit =
      ram({.total = 1000, .free = 100, .available = 5000, .buffers = 0, .cached = 4000});
  CHECK(emit.value("host.memory.used") == 900);
  CHECK(emit.value("host.memory.available") == 100);
}

TEST_CASE("used memory is not guessed from half of what it takes") {
  const RecordingEmit emit = ram({.total = 1000, .free = 100, .available = 600, .buffers = 50});
  CHECK(emit.lines == std::vector<std::string>{"host.memory.available = 600"});
}

TEST_CASE("numbers that contradict each other give no values") {
  CHECK(ram({.total = 1000, .free = 2000, .available = 100}).lines.empty());
  CHECK(ram({.free = 2000}).lines.empty());
}

TEST_CASE("a kernel without MemAvailable has its estimate rebuilt") {
  MemInfo info{.total = 10000, .free = 1000, .cached = 2500};
  CHECK(available_memory(info, 200) == 3500);  // nothing better than free and cached
  info.reclaimable = 300;
  info.active_file = 1500;
  info.inactive_file = 500;
  CHECK(available_memory(info, std::nullopt) == 3500);
  CHECK(available_memory(info, 200) == 1000 - 200 + 2000 - 200 + 300 - 150);
}

TEST_CASE("an available of 0 is a fault of some kernels and is rebuilt too") {
  CHECK(available_memory({.total = 100, .free = 10, .available = 0, .cached = 20}, std::nullopt) == 30);
}

TEST_CASE("the low watermarks of all zones are added") {
  CHECK(parse_low_watermarks("Node 0, zone DMA\n  pages free 3840\n        min 11\n        low 14\n"
                             "Node 0, zone Normal\n        low      100\n low x\n") == 114);
}

TEST_CASE("swap that is not configured is 0, which is a value") {
  RecordingEmit emit;
  emit_swap({.swap_total = 0, .swap_free = 0}, emit);
  CHECK(emit.lines == std::vector<std::string>{"host.swap.used = 0", "host.swap.free = 0"});
}

TEST_CASE("a kernel without swap lines, or with impossible ones, gives none") {
  RecordingEmit emit;
  emit_swap({.total = 1}, emit);
  emit_swap({.swap_total = 1, .swap_free = 2}, emit);
  CHECK(emit.lines.empty());
}

TEST_CASE("swap traffic is read from vmstat") {
  const SwapTraffic traffic = parse_vmstat("pgpgin 1\npswpin 12\npswpout 0\npswpout_x 9\n");
  CHECK(traffic.in == 12);
  CHECK(traffic.out == 0);
  CHECK_FALSE(parse_vmstat("pswpin -1\n").in);
}
