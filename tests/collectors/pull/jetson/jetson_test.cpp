#include "collectors/pull/jetson/jetson.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/collectors/file_tree.hpp"
#include "tests/collectors/recording_emit.hpp"
#include "tests/support/fake_clock.hpp"

using namespace scops;
using namespace scops::jetson;
using test::FileTree;
using test::RecordingEmit;
using Lines = std::vector<std::string>;

namespace {

// A collector over a tree that a test makes, with default settings but for the roots and the groups.
class Board {
 public:
  explicit Board(std::vector<std::string> metrics) {
    settings_.metrics = std::move(metrics);
    settings_.proc = tree / "proc";
    settings_.sys = tree / "sys";
    settings_.root = tree.path();
    settings_.rescan = std::chrono::minutes(5);
    tree.write("sys/class/README", "");
    tree.write("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 400 kB\n");
    collector_ = make_jetson(settings_, clock);
  }

  void zone(int number, std::string_view type, std::string_view temperature) const {
    const std::string folder = "sys/class/thermal/thermal_zone" + std::to_string(number);
    tree.write(folder + "/type", type);
    tree.write(folder + "/temp", temperature);
  }

  RecordingEmit collect() {
    RecordingEmit emit;
    status = collector_->collect(emit);
    return emit;
  }

  FileTree tree;
  test::FakeClock clock;
  Status status = Ok{};

 private:
  JetsonSettings settings_;
  std::unique_ptr<PullCollector> collector_;
};

}  // namespace

TEST_CASE("the list of packages is read once, however often parts are looked for", "[jetson]") {
  Board board({"board"});
  board.tree.write("proc/device-tree/compatible", std::string_view("nvidia,tegra234\0", 16));
  board.tree.write("var/lib/dpkg/status", "Package: nvidia-l4t-core\nVersion: 36.4.3-20250107174145\n");
  const Lines lines = board.collect().lines;
  CHECK_THAT(lines.at(0), Catch::Contains("l4t:36.4.3"));
  board.tree.remove("var/lib/dpkg/status");
  board.clock.advance(300'000);
  CHECK(board.collect().lines == lines);
}

TEST_CASE("a zone that vanishes is looked for under its new number at the next capture", "[jetson]") {
  Board board({"temp"});
  board.zone(0, "cpu-thermal\n", "40000\n");
  board.zone(1, "gpu-thermal\n", "41000\n");
  CHECK(board.collect().lines.size() == 2);
  board.tree.remove("sys/class/thermal/thermal_zone1");
  board.zone(5, "gpu-thermal\n", "42000\n");
  CHECK(board.collect().lines == Lines{"tegrastats.temperature zone:cpu = 40"});
  CHECK(board.collect().value("tegrastats.temperature zone:gpu") == 42);
}

TEST_CASE("a zone that comes late is found after the time of a new look", "[jetson]") {
  Board board({"temp"});
  board.zone(0, "cpu-thermal\n", "40000\n");
  CHECK(board.collect().lines.size() == 1);
  board.zone(1, "gpu-thermal\n", "41000\n");
  CHECK(board.collect().lines.size() == 1);
  board.clock.advance(5 * 60 * 1000);
  CHECK(board.collect().lines.size() == 2);
}

TEST_CASE("a part without power is left out and comes back with it, without a new look", "[jetson]") {
  Board board({"temp"});
  board.zone(0, "cpu-thermal\n", "40000\n");
  board.tree.write("sys/class/thermal/thermal_zone1/type", "gpu-thermal\n");
  board.tree.write("sys/class/thermal/thermal_zone1/temp/x", "");  // a folder: reading it fails
  CHECK(board.collect().lines.size() == 1);
  board.tree.remove("sys/class/thermal/thermal_zone1/temp");
  board.tree.write("sys/class/thermal/thermal_zone1/temp", "41000\n");
  CHECK(board.collect().value("tegrastats.temperature zone:gpu") == 41);
}

TEST_CASE("the share in which an engine had power is of the time between two captures", "[jetson]") {
  Board board({"engines"});
  const std::string engine = "sys/class/devfreq/154c0000.nvenc/";
  board.tree.write(engine + "cur_freq", "806400000\n");
  board.tree.write(engine + "device/power/control", "auto\n");
  board.tree.write(engine + "device/power/runtime_status", "active\n");
  board.tree.write(engine + "device/power/runtime_active_time", "5000\n");
  CHECK_FALSE(board.collect().value("jetson.engine.active engine:nvenc"));
  board.clock.advance(10'000);
  board.tree.write(engine + "device/power/runtime_active_time", "7500\n");
  CHECK(board.collect().value("jetson.engine.active engine:nvenc") == 25);
  board.clock.advance(600'000);  // a new look in between changes nothing
  board.tree.write(engine + "device/power/runtime_active_time", "7500\n");
  board.tree.write(engine + "device/power/runtime_status", "suspended\n");
  const RecordingEmit idle = board.collect();
  CHECK(idle.value("jetson.engine.active engine:nvenc") == 0);
  CHECK(idle.value("tegrastats.engine.on engine:nvenc") == 0);
  CHECK_FALSE(idle.value("tegrastats.engine.mhz engine:nvenc"));
}

TEST_CASE("an engine that may never be suspended says nothing by being active", "[jetson]") {
  Board board({"engines"});
  const std::string engine = "sys/class/devfreq/154c0000.nvenc/";
  board.tree.write(engine + "cur_freq", "806400000\n");
  board.tree.write(engine + "device/power/control", "on\n");
  board.tree.write(engine + "device/power/runtime_status", "active\n");
  board.tree.write(engine + "device/power/runtime_active_time", "5000\n");
  board.collect();
  board.clock.advance(10'000);
  CHECK_FALSE(board.collect().value("jetson.engine.active engine:nvenc"));
}

TEST_CASE("one machine's load is found in each of the places where it has been", "[jetson]") {
  const std::string place = GENERATE(
      as<std::string>(), "sys/devices/gpu.0", "sys/devices/57000000.gpu", "sys/devices/17000000.gp10b",
      "sys/devices/platform/gpu.0", "sys/devices/platform/17000000.ga10b", "sys/devices/platform/bus@0/gpu.0",
      "sys/devices/platform/bus@0/17000000.gpu", "sys/class/devfreq/17000000.gpu/device");
  Board board({"gpu"});
  board.tree.write(place + "/load", "375\n");
  CHECK(board.collect().lines == Lines{"tegrastats.gpu.load = 37.5"});
}

TEST_CASE("a GPU without power has a load and no clock", "[jetson]") {
  Board board({"gpu"});
  const std::string gpu = "sys/class/devfreq/17000000.gpu/";
  board.tree.write(gpu + "cur_freq", "306000000\n");
  board.tree.write(gpu + "device/load", "0\n");
  board.tree.write(gpu + "device/power/runtime_status", "suspended\n");
  CHECK(board.collect().lines == Lines{"tegrastats.gpu.load = 0"});
  board.tree.write(gpu + "device/power/runtime_status", "active\n");
  CHECK(board.collect().value("tegrastats.gpu.mhz") == 306);
}

TEST_CASE("engines are read as root where only debugfs has them", "[jetson]") {
  Board board({"engines"});
  const std::string clocks = "sys/kernel/debug/clk/";
  board.tree.write(clocks + "nvenc/clk_rate", "716800000\n");
  board.tree.write(clocks + "nvenc/clk_enable_count", "1\n");
  board.tree.write(clocks + "nvdec/clk_rate", "0\n");
  board.tree.write(clocks + "nvdec/clk_enable_count", "0\n");
  board.tree.write(clocks + "pva0_vps/clk_rate", "512000000\n");
  board.tree.write(clocks + "pva0_vps/clk_enable_count", "0\n");
  board.tree.write(clocks + "nvenc.bank/clk_rate", "1\n");
  CHECK(board.collect().lines ==
        Lines{"tegrastats.engine.mhz engine:pva0_vps = 512", "tegrastats.engine.on engine:nvenc = 1",
              "tegrastats.engine.mhz engine:nvenc = 716.8", "tegrastats.engine.on engine:nvdec = 0"});
}

TEST_CASE("sensors of one chip and one label stay two", "[jetson]") {
  Board board({"hwmon"});
  for (const char* channel : {"temp1", "temp2"}) {
    const std::string file = std::string("sys/class/hwmon/hwmon0/") + channel;
    board.tree.write(file + "_input", "41000\n");
    board.tree.write(file + "_label", "core\n");
  }
  board.tree.write("sys/class/hwmon/hwmon0/name", "chip\n");
  CHECK(board.collect().lines == Lines{"jetson.hwmon.temperature chip:chip sensor:core = 41",
                                       "jetson.hwmon.temperature chip:chip sensor:temp2 = 41"});
}

TEST_CASE("memory that cannot be read on a board is said, with the option that is wrong", "[jetson]") {
  Board board({"temp", "ram"});
  board.zone(0, "cpu-thermal\n", "40000\n");
  board.tree.remove("proc");
  const RecordingEmit emit = board.collect();
  CHECK(emit.lines == Lines{"tegrastats.temperature zone:cpu = 40"});
  REQUIRE(emit.troubles.size() == 1);
  CHECK(emit.troubles[0].error.text.find("SCOPS_JETSON_PROC") != std::string::npos);
}

TEST_CASE("a GPU is known by its node in the device tree when its device has another name", "[jetson]") {
  Board board({"gpu"});
  board.tree.write("sys/class/devfreq/13000000.newchip/cur_freq", "306000000\n");
  board.tree.write("sys/class/devfreq/13000000.newchip/device/of_node/name", std::string_view("gb10b\0", 6));
  CHECK(board.collect().lines == Lines{"tegrastats.gpu.mhz = 306"});
}

TEST_CASE("clocks of cores are found on kernels without policies, of cores that are online", "[jetson]") {
  Board board({"cpu"});
  board.tree.write("sys/devices/system/cpu/online", "0,2\n");
  for (const char* cpu : {"cpu0", "cpu1", "cpu2"}) {
    board.tree.write(std::string("sys/devices/system/cpu/") + cpu + "/cpufreq/scaling_cur_freq", "102000\n");
  }
  CHECK(board.collect().lines == Lines{"tegrastats.cpu.online = 2", "tegrastats.cpu.mhz core:0 = 102",
                                       "tegrastats.cpu.mhz core:2 = 102"});
}

TEST_CASE("a link to nvpmodel's configuration is followed within the host's root", "[jetson]") {
  Board board({"nvpmodel"});
  board.tree.write("var/lib/nvpmodel/status", "pmode:0001\n");
  board.tree.write("etc/nvpmodel/nvpmodel_p3767_0003.conf", "< POWER_MODEL ID=1 NAME=10W >\n");
  std::filesystem::create_symlink("/etc/nvpmodel/nvpmodel_p3767_0003.conf", board.tree / "etc/nvpmodel.conf");
  CHECK(board.collect().lines == Lines{"jetson.nvpmodel mode:10W = 1"});
}

TEST_CASE("links that lead to each other end", "[jetson]") {
  Board board({"nvpmodel"});
  board.tree.write("var/lib/nvpmodel/status", "pmode:0001\n");
  board.tree.write("etc/x", "");
  std::filesystem::create_symlink("/etc/nvpmodel.conf", board.tree / "etc/a");
  std::filesystem::create_symlink("/etc/a", board.tree / "etc/nvpmodel.conf");
  CHECK(board.collect().lines == Lines{"jetson.nvpmodel = 1"});
}

TEST_CASE("the power mode is followed when nvpmodel replaces its file", "[jetson]") {
  Board board({"nvpmodel"});
  board.tree.write("var/lib/nvpmodel/status", "pmode:0001\n");
  board.tree.write("etc/nvpmodel.conf", "< POWER_MODEL ID=1 NAME=10W >\n< POWER_MODEL ID=0 NAME=MAXN >\n");
  board.collect();
  board.tree.write("var/lib/nvpmodel/new", "pmode:0000\n");
  std::filesystem::rename(board.tree / "var/lib/nvpmodel/new", board.tree / "var/lib/nvpmodel/status");
  CHECK(board.collect().lines == Lines{"jetson.nvpmodel mode:MAXN = 0"});
}

TEST_CASE("the serial number is a tag only when it is asked for", "[jetson]") {
  const FileTree tree;
  const test::FakeClock clock;
  tree.write("proc/device-tree/model", std::string_view("Board\0", 6));
  tree.write("proc/device-tree/serial-number", std::string_view("123\0", 4));
  JetsonSettings settings;
  settings.metrics = {"board"};
  settings.proc = tree / "proc";
  settings.sys = tree / "sys";
  settings.root = tree.path();
  RecordingEmit without;
  REQUIRE(make_jetson(settings, clock)->collect(without).has_value());
  CHECK(without.lines == Lines{"jetson.board model:Board = 1"});
  settings.serial = true;
  RecordingEmit with;
  REQUIRE(make_jetson(settings, clock)->collect(with).has_value());
  CHECK(with.lines == Lines{"jetson.board model:Board serial:123 = 1"});
}

TEST_CASE("memory alone makes no board", "[jetson]") {
  Board board({"gpu", "ram", "temp"});
  CHECK(board.collect().lines.empty());
  REQUIRE_FALSE(board.status.has_value());
  CHECK(board.status.error().text.find("SCOPS_JETSON_SYS") != std::string::npos);
}

TEST_CASE("memory comes from a board that shows nothing else", "[jetson]") {
  Board board({"gpu", "ram", "temp"});
  board.tree.write("proc/device-tree/compatible", std::string_view("nvidia,tegra999\0", 16));
  CHECK(board.collect().lines == Lines{"tegrastats.ram.used = 614400", "tegrastats.ram.free = 409600"});
}

TEST_CASE("a missing root is named", "[jetson]") {
  Board board({"temp"});
  board.tree.remove("sys");
  board.collect();
  REQUIRE_FALSE(board.status.has_value());
  CHECK(board.status.error().text.find("SCOPS_JETSON_SYS") != std::string::npos);
  board.tree.write("sys/class/README", "");
  board.tree.remove("proc");
  board.collect();
  REQUIRE_FALSE(board.status.has_value());
  CHECK(board.status.error().text.find("SCOPS_JETSON_PROC") != std::string::npos);
}

TEST_CASE("a thousand zones keep no thousand descriptors", "[jetson]") {
  Board board({"temp"});
  for (int i = 0; i < 1000; ++i) board.zone(i, "zone" + std::to_string(i) + "\n", "40000\n");
  CHECK(board.collect().lines.size() == 32);
}

TEST_CASE("files of the wrong kind and of any size give nothing", "[jetson]") {
  const std::string text = GENERATE(std::string(1 << 20, '9'), std::string(1 << 20, ' '),
                                    std::string(5000, '\0'), std::string("\xff\xfe\x00\x01", 4));
  Board board({"board", "gpu", "temp", "power", "emc", "engines", "fan", "throttle", "cooling", "devfreq",
               "hwmon", "nvpmodel", "cpu", "ram", "swap"});
  for (const char* name : {"sys/class/devfreq/17000000.gpu/cur_freq",
                           "sys/class/devfreq/17000000.gpu/load",
                           "sys/devices/gpu.0/load",
                           "sys/class/devfreq/1.nvenc/cur_freq",
                           "sys/class/devfreq/1.nvenc/device/power/runtime_status",
                           "sys/class/thermal/thermal_zone0/temp",
                           "sys/class/thermal/cooling_device0/cur_state",
                           "sys/class/hwmon/hwmon0/in1_input",
                           "sys/class/hwmon/hwmon0/curr1_input",
                           "sys/class/hwmon/hwmon0/pwm1",
                           "sys/devices/system/cpu/online",
                           "sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq",
                           "sys/devices/platform/soc/soc:firmware/get_throttled",
                           "proc/stat",
                           "proc/interrupts",
                           "proc/meminfo",
                           "var/lib/nvpmodel/status",
                           "etc/nvpmodel.conf",
                           "etc/nv_tegra_release",
                           "var/lib/dpkg/status"}) {
    board.tree.write(name, text);
  }
  board.tree.write("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
  board.tree.write("sys/class/thermal/cooling_device0/type", "cpu-throttle-alert\n");
  board.tree.write("sys/class/hwmon/hwmon0/name", "ina3221\n");
  board.tree.write("proc/device-tree/compatible", std::string_view("nvidia,tegra999\0", 16));
  CHECK(board.collect().lines == Lines{"jetson.board soc:tegra999 = 1"});
}
