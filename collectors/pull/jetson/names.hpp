// What boards call their parts, brought to one set of names, and the short texts that their drivers and tools
// write. No I/O. Formats after drivers' sources, L4T's files and tegrastats' own names for the same parts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scops::jetson {

// A thermal zone's type as tegrastats prints it: "CPU-therm" -> "CPU", "cpu-thermal" -> "cpu", "Tboard_tegra"
// -> "Tboard", "thermal-fan-est" -> "thermal"; others as they are, without blanks.
[[nodiscard]] std::string zone_name(std::string_view type);

// False for what no running board has: sensors without power say -256.
[[nodiscard]] bool is_plausible_celsius(double celsius);

// The part of a device's name behind its address: "17000000.gpu" -> "gpu", "bwmgr" -> "bwmgr".
[[nodiscard]] std::string_view unit_of(std::string_view device);

// Is it a GPU, by unit or by the name of its node in the device tree? The GPU of Thor has one device for its
// graphics clock (gpu-gpc-0) and another for its video clock, which is left out here.
[[nodiscard]] bool is_gpu(std::string_view unit);
[[nodiscard]] bool is_engine(std::string_view unit);  // encoders, decoders, accelerators
[[nodiscard]] bool is_memory(std::string_view unit);  // the memory controller's clock

// The n-th engine (from 0) of a unit, as tegrastats numbers them: nvjpg, nvjpg1; but nvdla0, nvdla1, pva0.
[[nodiscard]] std::string engine_name(std::string_view unit, std::size_t n);

// "842" -> 84.2 %: the load of Tegra GPUs, in per mille; nothing above 1000.
[[nodiscard]] std::optional<double> parse_per_mille(std::string_view text);
// "45@800000000Hz" -> 45 %: devfreq devices of Rockchip's kernels.
[[nodiscard]] std::optional<double> parse_load_at_clock(std::string_view text);

// "50005", "0x50005", "throttled=0x50005" -> bits: the Raspberry Pi firmware's, always hexadecimal.
[[nodiscard]] std::optional<std::uint32_t> parse_throttled(std::string_view text);

// "pmode:0002 fmode:fan_mode_quiet" -> 2: /var/lib/nvpmodel/status.
[[nodiscard]] std::optional<std::int64_t> parse_power_mode(std::string_view text);
// "< POWER_MODEL ID=2 NAME=15W >" -> 15W: /etc/nvpmodel.conf; empty when it has no such mode.
[[nodiscard]] std::string_view find_power_mode_name(std::string_view conf, std::int64_t id);

// "# R36 (release), REVISION: 4.4, GCID: ..." -> 36.4.4: /etc/nv_tegra_release.
[[nodiscard]] std::string parse_l4t_release(std::string_view text);
// "36.4.4-20250616085344" -> 36.4.4: the version of package nvidia-l4t-core.
[[nodiscard]] std::string parse_l4t_version(std::string_view version);

// From /proc/device-tree/compatible, texts that end with NUL: the SoC ("tegra234", "bcm2711", "rk3588"), and
// whether it is one of NVIDIA's.
[[nodiscard]] std::string_view soc_of(std::string_view compatible);
[[nodiscard]] bool is_tegra(std::string_view soc);
// The module's part number, "p3767-0005": behind the + of compatible, else a number of a known family in
// `compatible` or in the name of the device tree's source.
[[nodiscard]] std::string_view module_of(std::string_view compatible, std::string_view dts_file);

// Device tree text as a tag: without NULs and control characters, blanks and commas as '_'.
[[nodiscard]] std::string tag_text(std::string_view text);

}  // namespace scops::jetson
