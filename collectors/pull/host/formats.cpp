#include "collectors/pull/host/formats.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "collectors/proc/lines.hpp"
#include "collectors/pull/host/cpu.hpp"
#include "collectors/pull/host/disk.hpp"
#include "collectors/pull/host/load.hpp"
#include "collectors/pull/host/memory.hpp"
#include "collectors/pull/host/network.hpp"
#include "collectors/pull/host/pressure.hpp"
#include "core/model/text.hpp"

namespace scops::host {
namespace {

// Up to the next line "cpu ...", which begins another reading.
std::string_view take_snapshot(std::string_view& rest) {
  const std::size_t next = rest.find("\ncpu ");
  const std::size_t length = next == std::string_view::npos ? rest.size() : next + 1;
  const std::string_view snapshot = rest.substr(0, length);
  rest.remove_prefix(length);
  return snapshot;
}

void format_stat(std::string_view input, Emit& emit) {
  constexpr CpuGroups all{.total = true, .cores = true, .modes = true, .processes = true};
  Rejects rejects(emit);
  StatSnapshot before;
  StatSnapshot now;
  std::size_t lines = 0;
  while (!input.empty()) {
    const std::string_view text = take_snapshot(input);
    rejects.start_after(lines);
    lines += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    parse_stat(text, now, rejects);
    emit_cpu(before, now, all, emit);
    emit_processes(now, emit);
    if (now.total) std::swap(before, now);
  }
}

void format_meminfo(std::string_view input, Emit& emit) {
  Rejects rejects(emit);
  const MemInfo info = parse_meminfo(input, rejects);
  emit_ram(info, available_memory(info, std::nullopt), emit);
  emit_swap(info, emit);
}

void format_loadavg(std::string_view input, Emit& emit) {
  constexpr LoadGroups all{.load = {true, true, true}, .processes = true};
  if (const std::optional<LoadAverage> load = parse_loadavg(input)) {
    emit_load(*load, all, emit);
  } else {
    Rejects(emit).add(1, input);
  }
}

void format_net_dev(std::string_view input, Emit& emit) {
  Rejects rejects(emit);
  std::vector<Interface> interfaces;
  parse_net_dev(input, interfaces, rejects);
  for (const Interface& interface : interfaces) emit_interface(interface, true, true, emit);
}

void format_diskstats(std::string_view input, Emit& emit) {
  Rejects rejects(emit);
  std::vector<Disk> disks;
  parse_diskstats(input, disks, rejects);
  for (const Disk& disk : disks) emit_disk(disk, emit);
}

void format_pressure(std::string_view input, Emit& emit) {
  Rejects rejects(emit);
  emit_pressure(parse_pressure(input, rejects), {}, emit);
}

}  // namespace

constinit const std::array<Format, 6> host_formats{
    Format{"proc-stat", "Readings of /proc/stat, one after another: percentages need two.", format_stat},
    Format{"meminfo", "A reading of /proc/meminfo.", format_meminfo},
    Format{"loadavg", "A reading of /proc/loadavg.", format_loadavg},
    Format{"net-dev", "A reading of /proc/net/dev.", format_net_dev},
    Format{"diskstats", "A reading of /proc/diskstats.", format_diskstats},
    Format{"pressure", "A reading of one file of /proc/pressure.", format_pressure},
};

}  // namespace scops::host
