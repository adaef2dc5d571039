#include "collectors/pull/jetson/names.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/pull/jetson/cpu.hpp"
#include "collectors/pull/jetson/throttle.hpp"

using namespace scops;
using namespace scops::jetson;
using namespace std::string_view_literals;

TEST_CASE("thermal zones have the names that tegrastats prints", "[jetson]") {
  const std::vector<std::pair<std::string_view, std::string_view>> zones{
      {"CPU-therm", "CPU"},
      {"BCPU-therm", "BCPU"},
      {"cpu-thermal", "cpu"},
      {"cpu_thermal", "cpu"},
      {"Tboard_tegra", "Tboard"},
      {"thermal-fan-est", "thermal"},
      {"thermal-fan-est.46", "thermal"},
      {"PMIC-Die", "PMIC"},
      {"soc012-thermal", "soc012"},
      {"tj-thermal", "tj"},
      {"iwlwifi_1", "iwlwifi_1"},
      {"x y", "x_y"},
      {"-thermal", "-thermal"},
  };
  for (const auto& [type, name] : zones) CHECK(zone_name(type) == name);
}

TEST_CASE("temperatures below 0 are real, those of sensors without power are not", "[jetson]") {
  CHECK(is_plausible_celsius(-12.5));
  CHECK(is_plausible_celsius(0));
  CHECK_FALSE(is_plausible_celsius(-256));
  CHECK_FALSE(is_plausible_celsius(255));
}

TEST_CASE("devices are known by their unit, whatever their address", "[jetson]") {
  CHECK(is_gpu(unit_of("17000000.gpu")));
  CHECK(is_gpu(unit_of("17000000.ga10b")));
  CHECK(is_gpu(unit_of("gpu-gpc-0")));
  CHECK(is_gpu(unit_of("gpu.0")));
  CHECK(is_gpu(unit_of("gk20a.0")));
  CHECK_FALSE(is_gpu(unit_of("gpu-nvd-0")));
  CHECK(is_engine(unit_of("154c0000.nvenc")));
  CHECK_FALSE(is_engine(unit_of("17000000.gpu")));
  CHECK(is_memory(unit_of("bwmgr")));
}

TEST_CASE("engines are numbered as tegrastats numbers them", "[jetson]") {
  CHECK(engine_name("nvjpg", 0) == "nvjpg");
  CHECK(engine_name("nvjpg", 1) == "nvjpg1");
  CHECK(engine_name("nvdla", 0) == "nvdla0");
  CHECK(engine_name("pva", 0) == "pva0");
}

TEST_CASE("loads come per mille or at a clock", "[jetson]") {
  CHECK(parse_per_mille("842\n") == 84.2);
  CHECK(parse_per_mille("0") == 0.0);
  CHECK_FALSE(parse_per_mille("1001"));
  CHECK_FALSE(parse_per_mille("-1"));
  CHECK_FALSE(parse_per_mille("45@800000000Hz"));
  CHECK(parse_load_at_clock("45@800000000Hz\n") == 45.0);
  CHECK(parse_load_at_clock("0@1") == 0.0);
  CHECK_FALSE(parse_load_at_clock("101@1"));
  CHECK_FALSE(parse_load_at_clock("842"));
  CHECK_FALSE(parse_load_at_clock("@1"));
}

TEST_CASE("the bits of a Raspberry Pi are hexadecimal with and without a prefix", "[jetson]") {
  CHECK(parse_throttled("50005\n") == 0x50005U);
  CHECK(parse_throttled("0x50005") == 0x50005U);
  CHECK(parse_throttled("throttled=0x0\n") == 0U);
  for (const char* text : {"", "0x", "throttled=", "yes", "-1", "123456789"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_throttled(text));
  }
}

TEST_CASE("nvpmodel's files give the mode and its name", "[jetson]") {
  CHECK(parse_power_mode("pmode:0002 fmode:fan_mode_quiet") == 2);
  CHECK(parse_power_mode("pmode:0010\n") == 10);
  CHECK_FALSE(parse_power_mode("NVPM WARN: not set"));
  CHECK_FALSE(parse_power_mode("pmode:"));
  constexpr std::string_view conf =
      "# < POWER_MODEL ID=2 NAME=COMMENT >\n"
      "<PARAM TYPE=FILE NAME=CPU_ONLINE >\n"
      "< POWER_MODEL ID=1 NAME=10W >\n  < POWER_MODEL ID=2 NAME=15W>\n";
  CHECK(find_power_mode_name(conf, 2) == "15W");
  CHECK(find_power_mode_name(conf, 1) == "10W");
  CHECK(find_power_mode_name(conf, 3).empty());
}

TEST_CASE("L4T's version comes from its release file or its package", "[jetson]") {
  CHECK(parse_l4t_release("# R36 (release), REVISION: 4.4, GCID: 1, BOARD: generic\n") == "36.4.4");
  CHECK(parse_l4t_release("# R99 (release), REVISION: 12.0.1\n") == "99.12.0.1");
  CHECK(parse_l4t_release("# R36 (release)").empty());
  CHECK(parse_l4t_release("Debian 12").empty());
  CHECK(parse_l4t_version("36.4.4-20250616085344") == "36.4.4");
  CHECK(parse_l4t_version("unknown").empty());
}

TEST_CASE("module and SoC are read from what the board calls itself", "[jetson]") {
  constexpr auto orin = "nvidia,p3768-0000+p3767-0005-super\0nvidia,p3767-0005\0nvidia,tegra234\0"sv;
  CHECK(module_of(orin, "") == "p3767-0005");
  CHECK(soc_of(orin) == "tegra234");
  CHECK(module_of("nvidia,p9999-0000+p8888-0001\0nvidia,tegra999\0"sv, "") == "p8888-0001");
  CHECK(soc_of("nvidia,tegra999\0vendor,board\0"sv) == "tegra999");
  CHECK(soc_of("raspberrypi,4-model-b\0brcm,bcm2711\0"sv) == "bcm2711");
  CHECK(module_of("raspberrypi,4-model-b\0"sv, "").empty());
  CHECK(module_of("nvidia,tegra210\0"sv, "/dvs/tegra210-p3448-0000-p3449-0000-b00.dts") == "p3448-0000");
  CHECK(soc_of("").empty());
}

TEST_CASE("text of the device tree becomes a tag of one word", "[jetson]") {
  CHECK(tag_text("Raspberry Pi 4, Rev 1.4\0"sv) == "Raspberry_Pi_4__Rev_1.4");
  CHECK(tag_text("\0\0"sv).empty());
}

TEST_CASE("processor lists come in two forms", "[jetson]") {
  using Cores = std::vector<std::size_t>;
  CHECK(parse_cpus("0-3,5\n") == Cores{0, 1, 2, 3, 5});
  CHECK(parse_cpus("0 3 4\n") == Cores{0, 3, 4});
  CHECK(parse_cpus("7") == Cores{7});
  CHECK(parse_cpus("") == Cores{});
  for (const char* text : {"3-1", "x", "0-99999999", "0-", "-1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_cpus(text));
  }
}

TEST_CASE("an interrupt is counted over all processors", "[jetson]") {
  constexpr std::string_view text =
      "           CPU0       CPU1\n 24:    5    2   GICv2  80 Level     soctherm_edp\n 25:  9 9  GICv2 81 "
      "Level other\n";
  CHECK(parse_interrupts(text, "soctherm_edp") == 7.0);
  CHECK_FALSE(parse_interrupts(text, "absent"));
}
