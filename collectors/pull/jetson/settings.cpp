#include "collectors/pull/jetson/settings.hpp"

#include <array>

namespace scops::jetson {
namespace {

constexpr std::array rows{
    option<&JetsonSettings::metrics>({
        .name = "metrics",
        .fallback = R"(["gpu","ram","temp"])",
        .help = "Groups of metrics to send; docs/collectors/jetson.md lists what each holds.",
        .choices =
            "gpu|ram|temp|board|cooling|cpu|devfreq|emc|engines|fan|gpu_memory|hwmon|nvpmodel|power|swap|"
            "throttle",
    }),
    option<&JetsonSettings::proc>({
        .name = "proc",
        .fallback = "/proc",
        .help = "Where procfs is mounted; in a container often /host/proc.",
    }),
    option<&JetsonSettings::sys>({
        .name = "sys",
        .fallback = "/sys",
        .help = "Where sysfs is mounted; in a container often /host/sys.",
    }),
    option<&JetsonSettings::root>({
        .name = "root",
        .fallback = "/",
        .help = "Where the root of the host is: etc/nv_tegra_release, etc/nvpmodel.conf and "
                "var/lib/nvpmodel/status are looked for below it.",
    }),
    option<&JetsonSettings::zones_include>({
        .name = "zones_include",
        .fallback = "[]",
        .help = "Globs of thermal zones to send, as in the tag zone; empty: all.",
    }),
    option<&JetsonSettings::zones_exclude>({
        .name = "zones_exclude",
        .fallback = R"(["PMIC*","pmic*"])",
        .help = "Globs of thermal zones to leave out; by default one that only reports a constant.",
    }),
    option<&JetsonSettings::rails_include>({
        .name = "rails_include",
        .fallback = "[]",
        .help = "Globs of power rails to send, as in the tag rail; empty: all.",
    }),
    option<&JetsonSettings::rails_exclude>({
        .name = "rails_exclude",
        .fallback = R"(["NC"])",
        .help = "Globs of power rails to leave out; by default channels that are not connected.",
    }),
    option<&JetsonSettings::serial>({
        .name = "serial",
        .fallback = "false",
        .help = "Add the board's serial number to the tags of jetson.board.",
    }),
    option<&JetsonSettings::rescan>({
        .name = "rescan",
        .fallback = "5m",
        .help =
            "How often to look for parts that have come; one that vanishes is noticed at once. 0: at each "
            "capture.",
        .max = "24h",
    }),
};

}  // namespace

Section jetson_section() {
  return section<JetsonSettings>("jetson", "Metrics of a Jetson or another board, without tegrastats.", rows);
}

}  // namespace scops::jetson
