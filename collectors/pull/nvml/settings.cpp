#include "collectors/pull/nvml/settings.hpp"

#include <array>

namespace scops::nvml {
namespace {

constexpr std::array rows{
    option<&NvmlSettings::metrics>({
        .name = "metrics",
        .fallback = R"(["load","memory","temperature","power"])",
        .help = "Groups of metrics to send; docs/collectors/nvml.md lists what each holds.",
        .choices = "load|memory|temperature|power|clocks|throttle|ecc",
    }),
    option<&NvmlSettings::tags>({
        .name = "tags",
        .fallback = "[]",
        .help = "Tags to send beside gpu, the number of the GPU, which may change with a reboot.",
        .choices = "uuid|name",
    }),
    option<&NvmlSettings::library>({
        .name = "library",
        .fallback = "libnvidia-ml.so.1",
        .help = "NVIDIA's library: a name for the loader to find, or a path.",
    }),
    option<&NvmlSettings::gpus_max>({
        .name = "gpus_max",
        .fallback = "16",
        .help = "Most GPUs that are asked.",
        .min = "1",
        .max = "256",
    }),
};

}  // namespace

Section nvml_section() {
  return section<NvmlSettings>("nvml", "GPUs through NVIDIA's management library.", rows);
}

}  // namespace scops::nvml
