#include "collectors/pull/host/temperature.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/collectors/file_tree.hpp"

using namespace scops;
using namespace scops::host;
using test::FileTree;

namespace {

std::vector<std::string> names(const FileTree& tree, const NameFilter& filter = {}) {
  std::vector<std::string> found;
  for (const Sensor& sensor : scan_sensors(tree.path(), filter)) found.push_back(sensor.name);
  return found;
}

}  // namespace

TEST_CASE("thermal zones are named after their type") {
  const FileTree tree;
  tree.write("class/thermal/thermal_zone0/type", "cpu-thermal\n");
  tree.write("class/thermal/thermal_zone1/type", "Tboard tegra\n");
  tree.write("class/thermal/cooling_device0/type", "pwm-fan\n");
  CHECK(names(tree) == std::vector<std::string>{"cpu-thermal", "Tboard_tegra"});
}

TEST_CASE("hwmon sensors are named after their chip and label") {
  const FileTree tree;
  tree.write("class/hwmon/hwmon0/name", "nvme\n");
  tree.write("class/hwmon/hwmon0/temp1_input", "41000\n");
  tree.write("class/hwmon/hwmon0/temp1_label", "Composite\n");
  tree.write("class/hwmon/hwmon0/temp2_input", "41000\n");
  tree.write("class/hwmon/hwmon0/in1_input", "5000\n");
  CHECK(names(tree) == std::vector<std::string>{"nvme_Composite", "nvme_temp2"});
}

TEST_CASE("a zone that the kernel mirrors as hwmon is there once") {
  const FileTree tree;
  tree.write("class/thermal/thermal_zone0/type", "cpu-thermal\n");
  tree.write("class/hwmon/hwmon0/name", "cpu_thermal\n");
  tree.write("class/hwmon/hwmon0/temp1_input", "41000\n");
  CHECK(names(tree) == std::vector<std::string>{"cpu-thermal"});
}

TEST_CASE("sensors of one name are numbered") {
  const FileTree tree;
  tree.write("class/thermal/thermal_zone0/type", "acpitz\n");
  tree.write("class/thermal/thermal_zone1/type", "acpitz\n");
  CHECK(names(tree) == std::vector<std::string>{"acpitz", "acpitz_2"});
}

TEST_CASE("sensors can be left out by name") {
  const FileTree tree;
  tree.write("class/thermal/thermal_zone0/type", "PMIC-Die\n");
  tree.write("class/thermal/thermal_zone1/type", "GPU-therm\n");
  const std::vector<std::string> constants{"PMIC*"};
  CHECK(names(tree, {{}, constants}) == std::vector<std::string>{"GPU-therm"});
}

TEST_CASE("temperatures are plausible or absent") {
  CHECK(plausible_celsius(47062) == 47.062);
  CHECK(plausible_celsius(0) == 0);
  CHECK(plausible_celsius(-12500) == -12.5);
  for (const std::int64_t off : {-256000, -40000, -273150, 255000, 200000}) {
    CAPTURE(off);
    CHECK_FALSE(plausible_celsius(off));
  }
}
