#include "collectors/pull/host/settings.hpp"

#include <array>

namespace scops::host {
namespace {

constexpr std::array rows{
    option<&HostSettings::metrics>({
        .name = "metrics",
        .fallback = R"(["cpu","fs","la","ram"])",
        .help = "Groups of metrics to send; docs/collectors/host.md lists what each holds.",
        .choices =
            "cpu|fs|la|ram|network|swap|load5|load15|cpu_cores|cpu_modes|disk_io|inodes|uptime|processes|"
            "pressure|temperature|network_errors|entropy|time|wear",
        .aliases = "HOST_COLLECT_METRICS|HOST_COLLECTOR_METRICS",
    }),
    option<&HostSettings::proc>({
        .name = "proc",
        .fallback = "/proc",
        .help = "Where procfs is mounted; in a container often /host/proc.",
    }),
    option<&HostSettings::sys>({
        .name = "sys",
        .fallback = "/sys",
        .help = "Where sysfs is mounted; in a container often /host/sys.",
    }),
    option<&HostSettings::root>({
        .name = "root",
        .fallback = "/",
        .help =
            "Where the root of the host is mounted; put in front of mount points. Other than / also takes "
            "mounts and interfaces of process 1 instead of our own.",
    }),
    option<&HostSettings::mounts_include>({
        .name = "mounts_include",
        .fallback = "[]",
        .help = "Globs of mount points to look at; empty: all.",
    }),
    option<&HostSettings::mounts_exclude>({
        .name = "mounts_exclude",
        .fallback = "[]",
        .help = "Globs of mount points to leave out.",
    }),
    option<&HostSettings::fs_types_include>({
        .name = "fs_types_include",
        .fallback = "[]",
        .help =
            "Globs of file system types to look at, network ones too; empty: all that have a block device.",
    }),
    option<&HostSettings::fs_types_exclude>({
        .name = "fs_types_exclude",
        .fallback = R"(["squashfs","iso9660","erofs","cramfs","romfs"])",
        .help = "Globs of file system types to leave out; by default images that are always full.",
    }),
    option<&HostSettings::devices_include>({
        .name = "devices_include",
        .fallback = "[]",
        .help = "Globs of block devices for disk_io and wear; empty: all.",
    }),
    option<&HostSettings::devices_exclude>({
        .name = "devices_exclude",
        .fallback = R"(["loop*","ram*","zram*","fd*","sr*","mmcblk*boot*"])",
        .help = "Globs of block devices to leave out of disk_io and wear.",
    }),
    option<&HostSettings::partitions>({
        .name = "partitions",
        .fallback = "false",
        .help = "Also send disk_io of each partition.",
    }),
    option<&HostSettings::interfaces_include>({
        .name = "interfaces_include",
        .fallback = "[]",
        .help = "Globs of network interfaces to look at; empty: all.",
    }),
    option<&HostSettings::interfaces_exclude>({
        .name = "interfaces_exclude",
        .fallback = R"(["lo","veth*"])",
        .help = "Globs of network interfaces to leave out.",
    }),
    option<&HostSettings::sensors_include>({
        .name = "sensors_include",
        .fallback = "[]",
        .help = "Globs of temperature sensors to read, as in the tag sensor; empty: all.",
    }),
    option<&HostSettings::sensors_exclude>({
        .name = "sensors_exclude",
        .fallback = R"(["PMIC*"])",
        .help = "Globs of temperature sensors to leave out; by default one that only reports a constant.",
    }),
    option<&HostSettings::statvfs_timeout>({
        .name = "statvfs_timeout",
        .fallback = "2s",
        .help = "How long a file system may take to answer; one that hangs is left out until it does.",
        .min = "10ms",
        .max = "1m",
    }),
};

}  // namespace

Section host_section() { return section<HostSettings>("host", "Metrics of the machine itself.", rows); }

}  // namespace scops::host
