// /proc/diskstats: what block devices have done since boot. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "collectors/proc/lines.hpp"
#include "core/model/collector.hpp"

namespace scops::host {

// The kernel counts in sectors of 512 bytes, whatever the device has.
constexpr double sector_bytes = 512;

struct Disk {
  std::string_view name;  // points into the text
  std::uint64_t reads = 0, sectors_read = 0, writes = 0, sectors_written = 0;
  std::uint64_t busy_ms = 0;  // with at least one request in flight
};

// `into` keeps its capacity.
void parse_diskstats(std::string_view text, std::vector<Disk>& into, Rejects& rejects);

void emit_disk(const Disk& disk, Emit& emit);

}  // namespace scops::host
