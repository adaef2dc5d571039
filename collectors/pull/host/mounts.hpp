// The mount table, and which file systems of it are worth asking: one mount point a device. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/proc/lines.hpp"
#include "collectors/proc/name_filter.hpp"

namespace scops::host {

// A line of /proc/mounts, octal escapes decoded.
struct Mount {
  std::string device, point, type;
};

[[nodiscard]] std::vector<Mount> parse_mounts(std::string_view text, Rejects& rejects);

// "/mnt/my\040disk" -> "/mnt/my disk". Anything but three octal digits behind a backslash stays as it is.
[[nodiscard]] std::string decode_octal(std::string_view text);

// The types that live on a block device, as /proc/filesystems tells, and zfs, which is one in all but name.
[[nodiscard]] std::vector<std::string> parse_device_types(std::string_view text);

// A device and where it is mounted.
struct FileSystem {
  std::string device;
  std::vector<std::string> points;  // in the order of the table
  bool remote = false;              // of a type that has no block device: may hang for long
  bool at_once = false;             // it is answered from memory, and so is all of the way to each point
};

struct MountFilters {
  NameFilter points, types;
};

// Without `device_types` (no /proc/filesystems) a device is what begins with a slash. Types are then chosen
// by `filters.types.include`; when that is empty, only those with a device are.
[[nodiscard]] std::vector<FileSystem> choose_file_systems(const std::vector<Mount>& mounts,
                                                          const std::vector<std::string>& device_types,
                                                          const MountFilters& filters);

// "179:1" of the mount whose source is `device`, out of /proc/self/mountinfo.
[[nodiscard]] std::optional<std::string> device_number(std::string_view mountinfo, std::string_view device);

// "mmcblk0p1" out of /sys/dev/block/179:1/uevent.
[[nodiscard]] std::optional<std::string> device_name(std::string_view uevent);

}  // namespace scops::host
