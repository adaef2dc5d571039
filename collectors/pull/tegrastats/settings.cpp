#include "collectors/pull/tegrastats/settings.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace scops::tegrastats {
namespace {

constexpr std::array rows{
    option<&TegrastatsSettings::metrics>({
        .name = "metrics",
        .fallback = R"(["ram","temp"])",
        .help = "Groups of metrics to send; docs/collectors/tegrastats.md lists what each holds.",
        .choices = "ram|temp|swap|iram|cpu|gpu|emc|engines|power|lfb|temp_max",
        .aliases = "TEGRASTATS_METRICS",
    }),
    option<&TegrastatsSettings::path>({
        .name = "path",
        .fallback = "/usr/bin/tegrastats",
        .help = "The program; it is started once, with --interval and the collector's own interval.",
        .aliases = "TEGRASTATS_PATH",
    }),
    option<&TegrastatsSettings::lowercase_zones>({
        .name = "lowercase_zones",
        .fallback = "false",
        .help = "Send the tag zone in lower case, as JetPack 6 prints it: so an upgrade breaks no graph.",
    }),
    option<&TegrastatsSettings::timeout>({
        .name = "timeout",
        .fallback = "800ms",
        .help = "How long a capture waits for a line that has not come yet.",
        .min = "10ms",
        .max = "10s",
    }),
};

}  // namespace

Section tegrastats_section() {
  return section<TegrastatsSettings>("tegrastats", "Metrics of NVIDIA Jetson boards out of tegrastats.",
                                     rows);
}

Groups groups_of(const TegrastatsSettings& settings) {
  const auto wants = [&settings](std::string_view group) {
    return std::find(settings.metrics.begin(), settings.metrics.end(), group) != settings.metrics.end();
  };
  return {.ram = wants("ram"),
          .temp = wants("temp"),
          .swap = wants("swap"),
          .iram = wants("iram"),
          .cpu = wants("cpu"),
          .gpu = wants("gpu"),
          .emc = wants("emc"),
          .engines = wants("engines"),
          .power = wants("power"),
          .lfb = wants("lfb"),
          .temp_max = wants("temp_max"),
          .lowercase_zones = settings.lowercase_zones};
}

}  // namespace scops::tegrastats
