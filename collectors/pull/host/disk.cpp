#include "collectors/pull/host/disk.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "collectors/proc/name_filter.hpp"
#include "collectors/proc/sysfs.hpp"
#include "collectors/pull/host/topic.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace scops::host {
namespace {

//    8 0 sda 4821 1190 301522 2210 3390 2781 96640 1530 0 2620 3740 ...
// After the name: reads, merged, sectors, ms; writes, merged, sectors, ms; in flight, ms busy, ms weighted.
// Later kernels append discards and flushes.
constexpr std::size_t disk_columns = 11;

std::optional<Disk> parse_disk(std::string_view line) {
  const std::optional<std::uint64_t> major = to_uint(next_word(line));
  const std::optional<std::uint64_t> minor = to_uint(next_word(line));
  const std::string_view name = next_word(line);
  std::array<std::uint64_t, disk_columns> numbers{};
  for (std::uint64_t& number : numbers) {
    const std::optional<std::uint64_t> read = to_uint(trim(next_word(line)));
    if (!read) return std::nullopt;
    number = *read;
  }
  if (!major || !minor) return std::nullopt;
  return Disk{.name = name,
              .reads = numbers[0],
              .sectors_read = numbers[2],
              .writes = numbers[4],
              .sectors_written = numbers[6],
              .busy_ms = numbers[9]};
}

class DiskTopic final : public Topic {
 public:
  explicit DiskTopic(const HostSettings& settings)
      : filter_{settings.devices_include, settings.devices_exclude},
        partitions_(settings.partitions),
        diskstats_(settings.proc + "/diskstats"),
        block_(settings.sys + "/block") {}

  Status collect(Emit& emit) override {
    if (Status read = read_file_into(diskstats_, text_); !read) return read;
    // A partition looks like a disk in diskstats; only whole devices have a folder there.
    Result<std::vector<std::string>> whole = list_folder(block_);
    if (!whole && !partitions_) return whole.error();
    if (whole) std::sort(whole->begin(), whole->end());
    Rejects rejects;
    parse_diskstats(text_, disks_, rejects);
    for (const Disk& disk : disks_) {
      if (filter_.passes(disk.name) && (partitions_ || has(*whole, disk.name))) emit_disk(disk, emit);
    }
    return rejects.status(diskstats_);
  }

 private:
  // sysfs writes the slash of cciss/c0d0 as an exclamation mark.
  static bool has(const std::vector<std::string>& names, std::string_view name) {
    std::string folder(name);
    std::replace(folder.begin(), folder.end(), '/', '!');
    return std::binary_search(names.begin(), names.end(), folder);
  }

  NameFilter filter_;
  bool partitions_;
  std::string diskstats_, block_;
  std::string text_;
  std::vector<Disk> disks_;
};

}  // namespace

void parse_diskstats(std::string_view text, std::vector<Disk>& into, Rejects& rejects) {
  into.clear();
  LineReader lines(text);
  for (std::string_view line; lines.next(line);) {
    if (const std::optional<Disk> disk = parse_disk(line)) {
      into.push_back(*disk);
    } else {
      rejects.add(lines.number(), line);
    }
  }
}

void emit_disk(const Disk& disk, Emit& emit) {
  const std::array tags{Tag{"device", disk.name}};
  emit.gauge("host.disk.bytes.read", static_cast<double>(disk.sectors_read) * sector_bytes, tags);
  emit.gauge("host.disk.bytes.written", static_cast<double>(disk.sectors_written) * sector_bytes, tags);
  emit.gauge("host.disk.operations.read", static_cast<double>(disk.reads), tags);
  emit.gauge("host.disk.operations.written", static_cast<double>(disk.writes), tags);
  emit.gauge("host.disk.busy", static_cast<double>(disk.busy_ms) / 1000, tags);
}

std::unique_ptr<Topic> make_disk(const TopicContext& context) {
  if (!context.wants("disk_io")) return nullptr;
  return std::make_unique<DiskTopic>(context.settings);
}

}  // namespace scops::host
