#include "collectors/pull/host/mounts.hpp"

#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <utility>

#include "core/model/text.hpp"

namespace scops::host {
namespace {

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// "179:1"
std::optional<dev_t> parse_number(std::string_view text) {
  constexpr std::uint64_t most = std::numeric_limits<unsigned>::max();
  const std::optional<std::uint64_t> kind = to_uint(cut(text, ':'));
  const std::optional<std::uint64_t> one = to_uint(text);
  if (!kind || !one || *kind > most || *one > most) return std::nullopt;
  return makedev(static_cast<unsigned>(*kind), static_cast<unsigned>(*one));
}

//   36 21 179:1 / /mnt/my\040disk rw,relatime shared:1 master:2 - ext4 /dev/mmcblk0p1 rw
// Number and parent of the mount, what of the file system is mounted; then where, and the file system's own.
std::optional<Mount> parse_mount(std::string_view line) {
  for (int i = 0; i < 2; ++i) next_word(line);
  const std::optional<dev_t> number = parse_number(next_word(line));
  next_word(line);
  const std::string_view point = next_word(line);
  const std::size_t dash = line.find(" - ");
  if (!number || !point.starts_with('/') || dash == std::string_view::npos) return std::nullopt;
  line.remove_prefix(dash + 3);
  const std::string_view type = next_word(line);
  const std::string_view device = next_word(line);
  if (type.empty() || device.empty()) return std::nullopt;
  return Mount{.device = decode_octal(device),
               .point = decode_octal(point),
               .type = decode_octal(type),
               .number = *number};
}

// statfs of these reads counters in memory and takes no lock that waits for a device: fs/*/super.c. (xfs and
// btrfs may wait for a transaction, vfat may count its table.)
bool answers_from_memory(std::string_view type) {
  constexpr std::array types{"ext2", "ext3", "ext4", "f2fs", "squashfs", "tmpfs", "ramfs", "rootfs"};
  return std::find(types.begin(), types.end(), type) != types.end();
}

bool leads_to(std::string_view above, std::string_view point) {
  if (!point.starts_with(above)) return false;
  return above.ends_with('/') || point.size() == above.size() || point[above.size()] == '/';
}

// A mount point keeps all of its path in memory, but a server may be asked whether a name on the way still
// stands.
bool is_at_once(const FileSystem& file_system, const std::vector<Mount>& mounts) {
  return std::none_of(mounts.begin(), mounts.end(), [&](const Mount& mount) {
    if (answers_from_memory(mount.type)) return false;
    return std::any_of(file_system.points.begin(), file_system.points.end(),
                       [&](const MountPoint& point) { return leads_to(mount.point, point.path); });
  });
}

bool contains(const std::vector<std::string>& sorted, const std::string& name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

}  // namespace

std::vector<Mount> parse_mounts(std::string_view text, Rejects& rejects) {
  std::vector<Mount> mounts;
  LineReader lines(text);
  for (std::string_view line; lines.next(line);) {
    if (std::optional<Mount> mount = parse_mount(line)) {
      mounts.push_back(*std::move(mount));
    } else {
      rejects.add(lines.number(), line);
    }
  }
  return mounts;
}

std::string decode_octal(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && text.size() - i > 3 && text[i + 1] <= '3' &&
                        is_octal(text[i + 1]) && is_octal(text[i + 2]) && is_octal(text[i + 3]);
    if (escape) {
      decoded += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

//   nodev	tmpfs
//   	ext4
std::vector<std::string> parse_device_types(std::string_view text) {
  std::vector<std::string> types;
  LineReader lines(text);
  for (std::string_view line; lines.next(line);) {
    std::string_view name = next_word(line);
    const bool without_device = name == "nodev";
    if (without_device) name = next_word(line);
    name = trim(name);
    if (!name.empty() && (!without_device || name == "zfs")) types.emplace_back(name);
  }
  std::sort(types.begin(), types.end());
  return types;
}

std::vector<FileSystem> choose_file_systems(const std::vector<Mount>& mounts,
                                            const std::vector<std::string>& device_types,
                                            const MountFilters& filters) {
  // Of several mounts on one point only the last is seen through it.
  std::map<std::string_view, const Mount*> visible;
  for (const Mount& mount : mounts) visible[mount.point] = &mount;

  std::vector<FileSystem> chosen;
  std::map<std::string_view, std::size_t> index;  // of a device in `chosen`
  for (const Mount& mount : mounts) {
    const bool has_device = device_types.empty()
                                ? mount.device.starts_with('/') && !mount.device.starts_with("//")
                                : contains(device_types, mount.type);
    const bool wanted = filters.types.include.empty() ? has_device && mount.device != "none" : true;
    if (!wanted || !filters.types.passes(mount.type) || !filters.points.passes(mount.point)) continue;
    if (visible[mount.point] != &mount) continue;
    const auto [known, is_new] = index.try_emplace(mount.device, chosen.size());
    if (is_new)
      chosen.push_back({.device = mount.device, .type = mount.type, .points = {}, .remote = !has_device});
    chosen[known->second].points.push_back({mount.point, mount.number});
  }
  for (FileSystem& file_system : chosen) file_system.at_once = is_at_once(file_system, mounts);
  return chosen;
}

bool is_seen(const FileSystem& file_system, const MountPoint& point, dev_t number) {
  // Each subvolume has a number of its own, which the table does not have. None is a device's.
  if (file_system.type == "btrfs") return major(number) == 0;
  return number == point.number;
}

//   MAJOR=179
//   DEVNAME=mmcblk0p1
std::optional<std::string> device_name(std::string_view uevent) {
  LineReader lines(uevent);
  for (std::string_view line; lines.next(line);) {
    const std::string_view name = cut(line, '=');
    line = trim(line);
    if (name == "DEVNAME" && !line.empty()) return std::string(line);
  }
  return std::nullopt;
}

}  // namespace scops::host
