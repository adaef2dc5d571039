// Thermal zones and hwmon sensors under one tag, `sensor`. Folders are scanned for what there is; then only
// the inputs are read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/proc/name_filter.hpp"

namespace scops::host {

struct Sensor {
  std::string name;   // cpu-thermal, nvme_Composite, coretemp_Core_0
  std::string input;  // file with thousandths of a degree Celsius
  std::string fault;  // file that holds 1 when the sensor is broken; often does not exist
};

// All sensors below <sys>/class/thermal and <sys>/class/hwmon that pass the filter, each once: a hwmon device
// that only mirrors a zone is left out, and equal names are numbered (acpitz, acpitz_2).
[[nodiscard]] std::vector<Sensor> scan_sensors(const std::string& sys, const NameFilter& filter);

// Degrees; nothing for what no running board can have: sensors that are switched off or not connected report
// -256, -40, -273, 255 and the like.
[[nodiscard]] std::optional<double> plausible_celsius(std::int64_t thousandths);

}  // namespace scops::host
