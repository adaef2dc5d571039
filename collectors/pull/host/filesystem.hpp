// From the answer of statvfs(2) to metrics. Pure; the mount table is mounts.hpp, the asking
// statvfs_probe.hpp.
#pragma once

#include <sys/statvfs.h>
#include <sys/types.h>

#include <string_view>

#include "core/model/collector.hpp"

namespace scops::host {

// What the kernel says of the file system that a path is in.
struct FsAnswer {
  struct statvfs counts {};
  dev_t number = 0;  // st_dev of stat(2)
};

// host.fs.used and .free: nothing when the file system has no blocks to count.
void emit_space(const struct statvfs& answer, std::string_view device, Emit& emit);

// host.fs.inodes.used and .free: nothing when it has no fixed number of inodes (vfat, btrfs).
void emit_inodes(const struct statvfs& answer, std::string_view device, Emit& emit);

}  // namespace scops::host
