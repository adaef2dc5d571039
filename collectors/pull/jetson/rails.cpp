#include "collectors/pull/jetson/rails.hpp"

#include <fmt/format.h>

#include <utility>

#include "collectors/pull/jetson/names.hpp"
#include "collectors/pull/jetson/tree.hpp"

namespace scops::jetson {
namespace {

// Of an INA3221; what the chip calls inputs 4 to 7 are voltages over shunts, and current 4 is a sum.
constexpr int channels = 3;
constexpr double microwatt = 0.001;

// The places of drivers whose chips have no hwmon class device, or whose class is not mounted.
constexpr std::array<std::string_view, 2> hwmon_drivers{"ina3221", "ina238"};

class RailScan {
 public:
  RailScan(std::string sys, const NameFilter& filter, bool on_thor)
      : sys_(std::move(sys)), filter_(filter), on_thor_(on_thor) {}

  std::vector<Rail> run() {
    for (const Chip& chip : hwmon_chips(sys_)) {
      if (is_rail_chip(chip.name)) add_chip(chip);
    }
    if (rails_.empty()) scan_drivers();
    if (rails_.empty()) scan_iio(sys_ + "/bus/i2c/drivers/ina3221x");
    if (rails_.empty()) scan_iio(sys_ + "/bus/i2c/devices");
    return std::move(rails_);
  }

 private:
  // JetPack 5 and later, and all of mainline.
  void add_chip(const Chip& chip) {
    for (int i = 1; i <= channels; ++i) {
      const auto file = [&](std::string_view kind, std::string_view what) {
        return fmt::format("{}/{}{}_{}", chip.folder, kind, i, what);
      };
      if (line_of(file("in", "enable")) == "0") continue;
      Rail rail;
      rail.power = find_file(file("power", "input"));
      rail.power_unit = microwatt;
      rail.volts = find_file(file("in", "input"));
      rail.amperes = find_file(file("curr", "input"));
      if (!rail.power && !(rail.volts && rail.amperes)) continue;
      rail.warning = find_file(file("curr", "max_alarm"));
      rail.critical = find_file(file("curr", "crit_alarm"));
      std::string label = line_of(file("in", "label"));
      for (const std::string_view kind : {"power", "curr"}) {
        if (label.empty()) label = line_of(file(kind, "label"));
      }
      add(std::move(rail), label.empty() ? unlabelled(chip.name, i) : label);
    }
  }

  [[nodiscard]] std::string unlabelled(const std::string& chip, int channel) const {
    if (chip == "ina238" && on_thor_) return "VIN";
    return chip == "ina3221" ? fmt::format("{}_{}", chip, channel) : chip;
  }

  void scan_drivers() {
    for (const std::string_view driver : hwmon_drivers) {
      const std::string folder = fmt::format("{}/bus/i2c/drivers/{}", sys_, driver);
      for (const std::string& device : names_in(folder)) {
        const std::string chips = fmt::format("{}/{}/hwmon", folder, device);
        for (const std::string& chip : names_in(chips, "hwmon"))
          add_chip({std::string(driver), fmt::format("{}/{}", chips, chip)});
      }
    }
  }

  // JetPack 4: NVIDIA's own driver, as a device of the industrial I/O subsystem.
  void scan_iio(const std::string& bus) {
    for (const std::string& device : names_in(bus)) {
      const std::string folder = fmt::format("{}/{}", bus, device);
      for (const std::string& iio : names_in(folder, "iio")) add_iio(fmt::format("{}/{}", folder, iio));
    }
  }

  void add_iio(const std::string& folder) {
    for (int i = 0; i < channels; ++i) {
      const std::string label = line_of(fmt::format("{}/rail_name_{}", folder, i));
      if (label.empty()) continue;
      Rail rail;
      rail.power = find_file(fmt::format("{}/in_power{}_input", folder, i));
      rail.volts = find_file(fmt::format("{}/in_voltage{}_input", folder, i));
      rail.amperes = find_file(fmt::format("{}/in_current{}_input", folder, i));
      if (rail.power || (rail.volts && rail.amperes)) add(std::move(rail), label);
    }
  }

  void add(Rail rail, const std::string& label) {
    const std::string name = tag_text(label);
    if (name.empty() || !filter_.passes(name) || rails_.size() == most_rails) return;
    rail.name = names_.add(name);
    rails_.push_back(std::move(rail));
  }

  static constexpr std::size_t most_rails = 16;

  std::string sys_;
  const NameFilter& filter_;
  bool on_thor_;
  UniqueNames names_;
  std::vector<Rail> rails_;
};

}  // namespace

std::vector<Rail> scan_rails(const std::string& sys, const NameFilter& filter, bool on_thor) {
  return RailScan(sys, filter, on_thor).run();
}

bool may_be_thor(const std::string& sys, const std::string& proc) {
  const std::string compatible = device_tree(sys, proc, "compatible");
  const std::string_view soc = soc_of(compatible);
  return soc.empty() || soc == "tegra264";
}

}  // namespace scops::jetson
