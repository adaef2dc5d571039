// The mount table, and which file systems of it are worth asking: one mount point a device. Pure.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/proc/lines.hpp"
#include "collectors/proc/name_filter.hpp"

namespace scops::host {

// A line of /proc/self/mountinfo, octal escapes decoded.
struct Mount {
  std::string device, point, type;
  dev_t number = 0;  // of its file system: what stat(2) says of a file in it, but for btrfs
};

[[nodiscard]] std::vector<Mount> parse_mounts(std::string_view text, Rejects& rejects);

// "/mnt/my\040disk" -> "/mnt/my disk". Anything but three octal digits behind a backslash stays as it is.
[[nodiscard]] std::string decode_octal(std::string_view text);

// The types that live on a block device, as /proc/filesystems tells, and zfs, which is one in all but name.
[[nodiscard]] std::vector<std::string> parse_device_types(std::string_view text);

struct MountPoint {
  std::string path;
  dev_t number = 0;
};

// A device and where it is mounted.
struct FileSystem {
  std::string device, type;
  std::vector<MountPoint> points;  // in the order of the table
  bool remote = false;             // of a type that has no block device: may hang for long
  bool at_once = false;            // it is answered from memory, and so is all of the way to each point
};

struct MountFilters {
  NameFilter points, types;
};

// Without `device_types` (no /proc/filesystems) a device is what begins with a slash. Types are then chosen
// by `filters.types.include`; when that is empty, only those with a device are.
[[nodiscard]] std::vector<FileSystem> choose_file_systems(const std::vector<Mount>& mounts,
                                                          const std::vector<std::string>& device_types,
                                                          const MountFilters& filters);

// Is a path of that number (st_dev) what the table has at the point? Another one answers where a mount of a
// folder above covers it, and in a container that does not see it.
[[nodiscard]] bool is_seen(const FileSystem& file_system, const MountPoint& point, dev_t number);

// "mmcblk0p1" out of /sys/dev/block/179:1/uevent.
[[nodiscard]] std::optional<std::string> device_name(std::string_view uevent);

}  // namespace scops::host
