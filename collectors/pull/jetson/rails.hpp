// Power rails: the channels of the chips that measure voltage and current, in each of the forms in which
// drivers have shown them. Each value is a transfer over I2C that takes the better part of a millisecond on
// the board; the time is the bus's, not the processor's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collectors/proc/kept_file.hpp"
#include "collectors/proc/name_filter.hpp"

namespace scops::jetson {

// Milliwatts come from `power`, or are voltage x current.
struct Rail {
  std::string name;                           // as tegrastats prints it: VDD_IN
  std::optional<KeptFile> power;              // x power_unit = mW
  double power_unit = 1;                      // 1 (iio, mW) or 0.001 (hwmon, uW)
  std::optional<KeptFile> volts;              // mV
  std::optional<KeptFile> amperes;            // mA
  std::optional<KeptFile> warning, critical;  // 1 while the current is above that limit
};

// All rails of <sys> that pass the filter. `on_thor`: the INA238 measures the input of the whole board there,
// which tegrastats calls VIN.
[[nodiscard]] std::vector<Rail> scan_rails(const std::string& sys, const NameFilter& filter, bool on_thor);

// Does the device tree say Thor (tegra264), or say nothing?
[[nodiscard]] bool may_be_thor(const std::string& sys, const std::string& proc);

}  // namespace scops::jetson
