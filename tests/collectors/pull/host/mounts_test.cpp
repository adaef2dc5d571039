#include "collectors/pull/host/mounts.hpp"

#include <fmt/format.h>
#include <sys/sysmacros.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/model/text.hpp"

using namespace scops;
using namespace scops::host;

namespace {

using Names = std::vector<std::string>;

const Names device_types{"ext4", "vfat"};

std::vector<Mount> parse(std::string_view text) {
  Rejects rejects;
  return parse_mounts(text, rejects);
}

// "/dev/sda1 / ext4", one a line, as the kernel would write it.
std::vector<Mount> mounts(std::string_view text) {
  std::string table;
  LineReader lines(text);
  for (std::string_view line; lines.next(line);) {
    const std::string_view device = next_word(line);
    const std::string_view point = next_word(line);
    table += fmt::format("21 1 8:1 / {} rw shared:1 - {} {} rw\n", point, next_word(line), device);
  }
  return parse(table);
}

std::vector<FileSystem> choose(std::string_view text, const MountFilters& filters = {}) {
  return choose_file_systems(mounts(text), device_types, filters);
}

Names paths(const FileSystem& file_system) {
  Names names;
  for (const MountPoint& point : file_system.points) names.push_back(point.path);
  return names;
}

}  // namespace

TEST_CASE("octal escapes of mount tables are decoded") {
  CHECK(decode_octal(R"(/mnt/my\040disk)") == "/mnt/my disk");
  CHECK(decode_octal(R"(\134\011\012\043)") == "\\\t\n#");
  CHECK(decode_octal(R"(/caf\303\251)") == "/caf\xC3\xA9");
}

TEST_CASE("a backslash that starts no escape stays") {
  CHECK(decode_octal(R"(a\)") == R"(a\)");
  CHECK(decode_octal(R"(a\04)") == R"(a\04)");
  CHECK(decode_octal(R"(a\089)") == R"(a\089)");
  CHECK(decode_octal(R"(a\777)") == R"(a\777)");
  CHECK(decode_octal("") == "");
}

TEST_CASE("mount lines that must parse") {
  const auto mounts = parse(
      "21 1 179:1 / /my\\040disk rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw\n22 21 0:20 /x /run rw - "
      "tmpfs tmpfs rw\n");
  REQUIRE(mounts.size() == 2);
  CHECK(mounts[0].device == "/dev/sda1");
  CHECK(mounts[0].point == "/my disk");
  CHECK(mounts[0].type == "ext4");
  CHECK(mounts[0].number == makedev(179, 1));
  CHECK(mounts[1].type == "tmpfs");
}

TEST_CASE("mount lines that must not parse") {
  for (const char* line :
       {"x", "21 1 8:1 /", "21 1 8:1 / / rw ext4 /dev/sda1 rw", "21 1 8:1 / mnt rw - ext4 /dev/sda1 rw",
        "21 1 8:1 / / rw - ext4", "21 1 8 / / rw - ext4 /dev/sda1 rw", "21 1 .:. / / rw - ext4 /dev/sda1 rw",
        "21 1 8:4294967296 / / rw - ext4 /dev/sda1 rw", "/dev/sda1 / ext4 rw 0 0"}) {
    CAPTURE(line);
    CHECK(parse(line).empty());
  }
}

TEST_CASE("the kernel's list tells types with a device from those without") {
  CHECK(parse_device_types("nodev\tsysfs\nnodev\ttmpfs\n\text4\n\tvfat\nnodev\tzfs\n") ==
        Names{"ext4", "vfat", "zfs"});
}

TEST_CASE("only file systems on a device are chosen") {
  const auto chosen = choose(
      "proc /proc proc rw 0 0\n/dev/sda1 / ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\noverlay /merged overlay rw "
      "0 0\n"
      "server:/export /net nfs4 rw 0 0\n/dev/sda2 /boot vfat rw 0 0\n");
  REQUIRE(chosen.size() == 2);
  CHECK(chosen[0].device == "/dev/sda1");
  CHECK(chosen[1].device == "/dev/sda2");
  CHECK_FALSE(chosen[0].remote);
}

TEST_CASE("a device that is mounted often is chosen once") {
  const auto chosen = choose("/dev/sda1 / ext4 rw 0 0\n/dev/sda1 /var/lib ext4 rw 0 0\n");
  REQUIRE(chosen.size() == 1);
  CHECK(paths(chosen[0]) == Names{"/", "/var/lib"});
}

TEST_CASE("a mount point that is covered by a later mount is not asked for the earlier one") {
  const auto chosen =
      choose("/dev/sda1 /mnt ext4 rw 0 0\n/dev/sdb1 /mnt ext4 rw 0 0\n/dev/sda1 /data ext4 rw 0 0\n");
  REQUIRE(chosen.size() == 2);
  CHECK(chosen[0].device == "/dev/sdb1");
  CHECK(paths(chosen[1]) == Names{"/data"});
}

TEST_CASE("types that are asked for need no device") {
  const Names types{"nfs*"};
  const auto chosen = choose("/dev/sda1 / ext4 rw 0 0\nserver:/export /net nfs4 rw 0 0\n",
                             {.points = {}, .types = {types, {}}});
  REQUIRE(chosen.size() == 1);
  CHECK(chosen[0].device == "server:/export");
  CHECK(chosen[0].remote);
}

TEST_CASE("types and mount points can be left out") {
  const Names types{"vfat"};
  const Names points{"/mnt/*"};
  const auto chosen =
      choose("/dev/sda1 / ext4 rw 0 0\n/dev/sda2 /boot vfat rw 0 0\n/dev/sdb1 /mnt/usb ext4 rw 0 0\n",
             {.points = {{}, points}, .types = {{}, types}});
  REQUIRE(chosen.size() == 1);
  CHECK(chosen[0].device == "/dev/sda1");
}

TEST_CASE("without a list of types a device begins with one slash") {
  const auto chosen = choose_file_systems(
      mounts("/dev/sda1 / ext4 rw 0 0\n//server/share /smb cifs rw 0 0\ntmpfs /run tmpfs rw 0 0\n"), {}, {});
  REQUIRE(chosen.size() == 1);
  CHECK(chosen[0].device == "/dev/sda1");
}

TEST_CASE("file systems whose numbers are in memory answer at once, others may wait for a device") {
  const auto chosen =
      choose("/dev/sda1 / ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n/dev/sda2 /run/boot vfat rw 0 0\n");
  REQUIRE(chosen.size() == 2);
  CHECK(chosen[0].at_once);
  CHECK_FALSE(chosen[1].at_once);
}

TEST_CASE("nothing answers at once behind a mount that may ask a server for a name on the way") {
  const auto chosen = choose(
      "/dev/sda1 / ext4 rw 0 0\nserver:/x /net nfs4 rw 0 0\n/dev/sdb1 /net/disk ext4 rw 0 0\n"
      "/dev/sdc1 /network ext4 rw 0 0\n/dev/sda1 /net/again ext4 rw 0 0\n");
  REQUIRE(chosen.size() == 3);
  CHECK_FALSE(chosen[0].at_once);  // it is mounted there too
  CHECK_FALSE(chosen[1].at_once);
  CHECK(chosen[2].at_once);
}

TEST_CASE("what answers at a mount point is told by its number") {
  const FileSystem ext4{.device = "/dev/sda1", .type = "ext4", .points = {{"/data", makedev(8, 1)}}};
  CHECK(is_seen(ext4, ext4.points[0], makedev(8, 1)));
  CHECK_FALSE(is_seen(ext4, ext4.points[0], makedev(8, 2)));
  CHECK_FALSE(is_seen(ext4, ext4.points[0], makedev(0, 1)));
}

TEST_CASE("a subvolume of btrfs may have another number, but not that of a device") {
  const FileSystem btrfs{.device = "/dev/sda1", .type = "btrfs", .points = {{"/data", makedev(0, 45)}}};
  CHECK(is_seen(btrfs, btrfs.points[0], makedev(0, 46)));
  CHECK_FALSE(is_seen(btrfs, btrfs.points[0], makedev(8, 1)));
}

TEST_CASE("the name of a device is in its uevent file") {
  CHECK(device_name("MAJOR=179\nMINOR=1\nDEVNAME=mmcblk0p1\nDEVTYPE=partition\n") == "mmcblk0p1");
  CHECK_FALSE(device_name("MAJOR=179\nDEVNAME=\n"));
}
