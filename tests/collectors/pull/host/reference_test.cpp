// Our numbers against those of prometheus/node_exporter over its own fixture machine. The data are not part
// of this repository: without SCOPS_TEST_DATA there is nothing to compare.

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/pull/host/host.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"
#include "tests/collectors/recording_emit.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/temp_dir.hpp"

using namespace scops;
using namespace scops::host;

namespace {

struct Pair {
  std::string_view theirs, ours;
};

constexpr std::array same{
    Pair{"node_load1", "host.la period:1m"},
    Pair{"node_load5", "host.la period:5m"},
    Pair{"node_load15", "host.la period:15m"},
    Pair{"node_forks_total", "host.processes.forks"},
    Pair{"node_procs_running", "host.processes.running"},
    Pair{"node_procs_blocked", "host.processes.blocked"},
    Pair{"node_entropy_available_bits", "host.entropy"},
    Pair{"node_memory_SwapFree_bytes", "host.swap.free"},
    Pair{"node_pressure_cpu_waiting_seconds_total", "host.pressure.some.total resource:cpu"},
    Pair{"node_pressure_io_waiting_seconds_total", "host.pressure.some.total resource:io"},
    Pair{"node_pressure_io_stalled_seconds_total", "host.pressure.full.total resource:io"},
    Pair{"node_pressure_memory_waiting_seconds_total", "host.pressure.some.total resource:memory"},
    Pair{"node_pressure_memory_stalled_seconds_total", "host.pressure.full.total resource:memory"},
    Pair{R"(node_thermal_zone_temp{type="cpu-thermal",zone="0"})", "host.temperature sensor:cpu-thermal"},
    Pair{R"(node_hwmon_temp_celsius{chip="platform_coretemp_0",sensor="temp3"})",
         "host.temperature sensor:coretemp_Core_1"},
    Pair{R"(node_hwmon_temp_celsius{chip="ieee80211_phy0_mt7996_phy0_2",sensor="temp1"})",
         "host.temperature sensor:mt7996_phy0_2_temp1"},
};

constexpr std::array disks{
    Pair{"node_disk_read_bytes_total", "host.disk.bytes.read"},
    Pair{"node_disk_written_bytes_total", "host.disk.bytes.written"},
    Pair{"node_disk_reads_completed_total", "host.disk.operations.read"},
    Pair{"node_disk_writes_completed_total", "host.disk.operations.written"},
    Pair{"node_disk_io_time_seconds_total", "host.disk.busy"},
};

std::map<std::string, double, std::less<>> read_expected(const std::string& path) {
  std::map<std::string, double, std::less<>> expected;
  const std::string text = read_file(path).value_or("");
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = cut(rest, '\n');
    const std::size_t blank = line.rfind(' ');
    if (line.starts_with('#') || blank == std::string_view::npos) continue;
    if (const std::optional<double> value = to_number(line.substr(blank + 1))) {
      expected.emplace(line.substr(0, blank), *value);
    }
  }
  return expected;
}

test::RecordingEmit collect(const std::string& root) {
  HostSettings settings;
  settings.metrics = {"la",       "load5",       "load15",  "processes", "entropy",
                      "pressure", "temperature", "disk_io", "swap"};
  settings.proc = root + "/proc";
  settings.sys = root + "/sys";
  settings.root = "/";
  settings.partitions = true;
  test::RecordingEmit emit;
  REQUIRE(make_host(settings, {})->collect(emit).has_value());
  return emit;
}

}  // namespace

TEST_CASE("over the same machine our numbers are those of node_exporter") {
  const char* data = std::getenv("SCOPS_TEST_DATA");
  const std::string archive =
      std::string(data == nullptr ? "" : data) + "/conformance/host_fixtures/node_exporter_rootfs.tar.gz";
  if (data == nullptr || !std::filesystem::exists(archive)) {
    return test::not_tested("no reference data in SCOPS_TEST_DATA");
  }
  const test::TempDir dir;
  REQUIRE(std::system(("tar -xzf '" + archive + "' -C '" + dir.path() + "'").c_str()) == 0);
  const auto expected =
      read_expected(std::string(data) + "/conformance/prometheus_text/files/node_exporter.e2e-output.prom");
  const test::RecordingEmit emit = collect(dir.path());

  std::size_t compared = 0;
  for (const auto& [theirs, value] : expected) {
    std::string ours;
    for (const Pair& pair : same) {
      if (pair.theirs == theirs) ours = pair.ours;
    }
    for (const Pair& pair : disks) {
      std::string_view labels = theirs;
      if (cut(labels, '{') != pair.theirs) continue;
      cut(labels, '"');
      ours = std::string(pair.ours) + " device:" + std::string(cut(labels, '"'));
    }
    if (ours.empty()) continue;
    CAPTURE(theirs, ours);
    CHECK(emit.value(ours).value_or(-1) == Approx(value));
    ++compared;
  }
  constexpr std::size_t devices = 15;
  CHECK(compared == same.size() + devices * disks.size());
}
