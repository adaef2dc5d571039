// The definitions are those of psutil 4.4 to 7.0, on which existing dashboards stand:
//   used      = MemTotal - MemFree - Buffers - (Cached + SReclaimable), as `free` had it before procps 4
//   available = MemAvailable, with the kernel's own estimate rebuilt where that is missing
// lxcfs shows a container its own limit as MemTotal beside numbers of the whole host, so both may come out
// beyond what is possible; then used falls back to total - free, and available to free.

#include "collectors/pull/host/memory.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "collectors/pull/host/topic.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace scops::host {
namespace {

struct Field {
  std::string_view name;
  std::optional<double> MemInfo::*member;
};

constexpr std::array fields{
    Field{"MemTotal", &MemInfo::total},
    Field{"MemFree", &MemInfo::free},
    Field{"MemAvailable", &MemInfo::available},
    Field{"Buffers", &MemInfo::buffers},
    Field{"Cached", &MemInfo::cached},
    Field{"SReclaimable", &MemInfo::reclaimable},
    Field{"Active(file)", &MemInfo::active_file},
    Field{"Inactive(file)", &MemInfo::inactive_file},
    Field{"SwapTotal", &MemInfo::swap_total},
    Field{"SwapFree", &MemInfo::swap_free},
};

//   MemTotal:        4059636 kB      HugePages_Total:       0
bool take_line(std::string_view line, MemInfo& into) {
  if (line.find(':') == std::string_view::npos) return false;
  const std::string_view name = trim(cut(line, ':'));
  const std::optional<std::uint64_t> number = to_uint(next_word(line));
  const std::string_view unit = trim(line);
  if (!number || name.empty() || (!unit.empty() && unit != "kB")) return false;
  const auto* field =
      std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
  if (field == fields.end()) return true;
  if (unit.empty()) return false;  // a file cut short: who knows how many digits are missing
  into.*field->member = static_cast<double>(*number) * 1024;
  return true;
}

double page_size() { return static_cast<double>(::sysconf(_SC_PAGESIZE)); }

class MemoryTopic final : public Topic {
 public:
  MemoryTopic(const std::string& proc, bool ram, bool swap)
      : meminfo_(proc + "/meminfo"),
        zoneinfo_(proc + "/zoneinfo"),
        vmstat_(proc + "/vmstat"),
        ram_(ram),
        swap_(swap) {}

  Status collect(Emit& emit) override {
    if (Status read = read_file_into(meminfo_, text_); !read) return read;
    Rejects rejects;
    const MemInfo info = parse_meminfo(text_, rejects);
    if (!info.total || !info.free) return Error{ErrorKind::drop, meminfo_ + ": no MemTotal or no MemFree"};
    if (ram_) emit_ram(info, available(info), emit);
    if (swap_) {
      emit_swap(info, emit);
      if (Status read = emit_traffic(emit); !read) return read;
    }
    return rejects.status(meminfo_);
  }

 private:
  std::optional<double> available(const MemInfo& info) {
    std::optional<double> low;
    const bool rebuild = !info.available || *info.available <= 0;
    if (rebuild && read_file_into(zoneinfo_, text_)) low = parse_low_watermarks(text_) * page_size();
    return available_memory(info, low);
  }

  Status emit_traffic(Emit& emit) {
    if (Status read = read_file_into(vmstat_, text_); !read) return read;
    const SwapTraffic traffic = parse_vmstat(text_);
    if (traffic.in) emit.gauge("host.swap.in", *traffic.in * page_size());
    if (traffic.out) emit.gauge("host.swap.out", *traffic.out * page_size());
    return Ok{};
  }

  std::string meminfo_, zoneinfo_, vmstat_;
  bool ram_, swap_;
  std::string text_;
};

}  // namespace

MemInfo parse_meminfo(std::string_view text, Rejects& rejects) {
  MemInfo info;
  LineReader lines(text);
  for (std::string_view line; lines.next(line);) {
    if (!take_line(line, info)) rejects.add(lines.number(), line);
  }
  return info;
}

double parse_low_watermarks(std::string_view text) {
  double pages = 0;
  LineReader lines(text);
  for (std::string_view line; lines.next(line);) {
    if (next_word(line) != "low") continue;
    if (const std::optional<std::uint64_t> number = to_uint(trim(line)))
      pages += static_cast<double>(*number);
  }
  return pages;
}

std::optional<double> available_memory(const MemInfo& info, std::optional<double> low_watermark) {
  if (!info.total || !info.free || *info.free > *info.total) return std::nullopt;
  double available = info.available.value_or(0);
  if (available <= 0) {  // missing before Linux 3.14; a 0 is a fault of some kernels
    if (info.active_file && info.inactive_file && info.reclaimable && low_watermark) {
      const double cache = *info.active_file + *info.inactive_file;
      available = *info.free - *low_watermark + cache - std::min(cache / 2, *low_watermark) +
                  *info.reclaimable - std::min(*info.reclaimable / 2, *low_watermark);
    } else {
      available = *info.free + info.cached.value_or(0);
    }
  }
  if (available > *info.total) return *info.free;
  return std::max(available, 0.0);
}

void emit_ram(const MemInfo& info, std::optional<double> available, Emit& emit) {
  if (!info.total || !info.free) return;
  const double taken = *info.total - *info.free;
  if (taken >= 0 && info.buffers && info.cached) {
    const double used = taken - *info.buffers - *info.cached - info.reclaimable.value_or(0);
    emit.gauge("host.memory.used", used < 0 ? taken : used);
  }
  if (available) emit.gauge("host.memory.available", *available);
}

void emit_swap(const MemInfo& info, Emit& emit) {
  if (!info.swap_total || !info.swap_free || *info.swap_free > *info.swap_total) return;
  emit.gauge("host.swap.used", *info.swap_total - *info.swap_free);
  emit.gauge("host.swap.free", *info.swap_free);
}

SwapTraffic parse_vmstat(std::string_view text) {
  SwapTraffic traffic;
  LineReader lines(text);
  for (std::string_view line; lines.next(line);) {
    const std::string_view name = next_word(line);
    if (name != "pswpin" && name != "pswpout") continue;
    const std::optional<std::uint64_t> pages = to_uint(trim(line));
    if (!pages) continue;
    (name == "pswpin" ? traffic.in : traffic.out) = static_cast<double>(*pages);
  }
  return traffic;
}

std::unique_ptr<Topic> make_memory(const TopicContext& context) {
  const bool ram = context.wants("ram");
  const bool swap = context.wants("swap");
  if (!ram && !swap) return nullptr;
  return std::make_unique<MemoryTopic>(context.settings.proc, ram, swap);
}

}  // namespace scops::host
