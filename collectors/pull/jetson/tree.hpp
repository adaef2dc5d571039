// Finding parts in sysfs by what they are called, never by number: hwmon2 and thermal_zone3 are others after
// the next boot, on the next board, in the next JetPack.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/proc/kept_file.hpp"

namespace scops::jetson {

// Names in a folder that start with `prefix`, in natural order; at most 32, since each may come to a
// descriptor that is kept. Empty when there is no such folder.
[[nodiscard]] std::vector<std::string> names_in(const std::string& folder, std::string_view prefix = {});

// The first line of a file without blanks and NULs; empty when there is none.
[[nodiscard]] std::string line_of(const std::string& path);

// The file, if it is there and may be read.
[[nodiscard]] std::optional<KeptFile> find_file(std::string path);
// The first of these that is there, may be read and gives a number now.
[[nodiscard]] std::optional<KeptFile> find_number(const std::vector<std::string>& paths);

// A chip of <sys>/class/hwmon.
struct Chip {
  std::string name;    // ina3221, pwmfan
  std::string folder;  // where its files are
};
[[nodiscard]] std::vector<Chip> hwmon_chips(const std::string& sys);
[[nodiscard]] bool is_rail_chip(std::string_view name);  // measures voltage and current: ina3221, ina238

// A device of <sys>/class/devfreq.
struct Device {
  std::string name;    // 17000000.gpu
  std::string unit;    // gpu; by its node in the device tree where that says more: ga10b
  std::string folder;  // with cur_freq and device/ in it
};
[[nodiscard]] std::vector<Device> devfreq_devices(const std::string& sys);

// What the device tree holds under `name` ("model"), NULs included; empty when nothing. sysfs first: the
// device-tree of procfs is a link to /sys, which in a container may lead to an empty folder.
[[nodiscard]] std::string device_tree(const std::string& sys, const std::string& proc,
                                      const std::string& name);

// A file of the host, of at most 256 KiB, where its root is mounted at `root`; links that start at / are
// followed within that root. Empty when there is none.
[[nodiscard]] std::string host_file(const std::string& root, const std::string& path);

// Makes names unique: the second "cpu" becomes "cpu_2".
class UniqueNames {
 public:
  [[nodiscard]] std::string add(const std::string& name);

 private:
  std::set<std::string> used_;
};

}  // namespace scops::jetson
