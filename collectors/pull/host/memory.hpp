// /proc/meminfo, and what stands in for MemAvailable on kernels before 3.14. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "collectors/proc/lines.hpp"
#include "core/model/collector.hpp"

namespace scops::host {

// Bytes; what the kernel does not report is absent.
struct MemInfo {
  std::optional<double> total{}, free{}, available{}, buffers{}, cached{}, reclaimable{};
  std::optional<double> active_file{}, inactive_file{}, swap_total{}, swap_free{};
};

[[nodiscard]] MemInfo parse_meminfo(std::string_view text, Rejects& rejects);

// The sum of the zones' low watermarks of /proc/zoneinfo, in pages.
[[nodiscard]] double parse_low_watermarks(std::string_view text);

// Memory that can be had without swapping; `low_watermark` in bytes, absent when there is no zoneinfo.
[[nodiscard]] std::optional<double> available_memory(const MemInfo& info,
                                                     std::optional<double> low_watermark);

void emit_ram(const MemInfo& info, std::optional<double> available, Emit& emit);
void emit_swap(const MemInfo& info, Emit& emit);

// Pages swapped in and out since boot.
struct SwapTraffic {
  std::optional<double> in, out;
};

[[nodiscard]] SwapTraffic parse_vmstat(std::string_view text);

}  // namespace scops::host
