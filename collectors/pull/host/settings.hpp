// The options of the host collector.
#pragma once

#include <string>

#include "core/config/option.hpp"

namespace scops::host {

struct HostSettings {
  TextList metrics;
  std::string proc;
  std::string sys;
  std::string root;
  TextList mounts_include, mounts_exclude;
  TextList fs_types_include, fs_types_exclude;
  TextList devices_include, devices_exclude;
  TextList interfaces_include, interfaces_exclude;
  TextList sensors_include, sensors_exclude;
  bool partitions = false;
  Duration statvfs_timeout{};
};

// The rows over fresh settings, which the loader fills.
[[nodiscard]] Section host_section();

}  // namespace scops::host
