#include "agent/clock_watch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string_view>

#include "core/io/files.hpp"
#include "core/model/text.hpp"
#include "core/runtime/log.hpp"

namespace scops {

namespace {

constexpr std::size_t file_max = 4096;

std::string time_words(TimeMs wall) {
  const std::time_t seconds = std::clamp(wall, TimeMs{0}, farthest_time) / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  // Not by fmt/chrono.h: it brings all of std::locale, 0.4 MB of a static program.
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

// All or nothing after a power cut too, but not durable at once: the next boot may do without.
bool write_file(const std::string& path, std::string_view content) {
  const std::string fresh = path + ".new";
  const Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                       S_IRUSR | S_IWUSR));  // NOLINT(*-vararg)
  if (!file.valid()) return false;
  const bool written =
      ::write(file.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      ::fdatasync(file.get()) == 0;
  return written && std::rename(fresh.c_str(), path.c_str()) == 0;
}

}  // namespace

std::uint32_t boot_tag() {
  const Result<std::string> id = read_file("/proc/sys/kernel/random/boot_id", file_max);
  if (!id || trim(*id).empty()) return 0;
  const std::string all = *id + read_file("/proc/self/timens_offsets", file_max).value_or("");
  std::uint32_t hash = 2166136261U;  // FNV-1a: the same in every build
  for (const char byte : all) hash = (hash ^ static_cast<std::uint8_t>(byte)) * 16777619U;
  return std::max(hash, 1U);
}

ClockWatch::ClockWatch(Timeline& timeline, const std::string& folder)
    : timeline_(timeline), path_(folder.empty() ? "" : folder + "/clock"), last_(timeline.stamp()) {
  load();
}

Boots parse_boots(std::string_view text) {
  Boots boots;
  while (!text.empty() && boots.size() < boots_max) {
    std::string_view line = cut(text, '\n');
    const auto boot = to_uint(next_word(line));
    const auto offset = to_int(next_word(line));
    if (!boot || *boot == 0 || *boot > UINT32_MAX) continue;
    if (!offset || *offset < 0 || *offset > farthest_time) continue;
    boots.emplace_back(static_cast<std::uint32_t>(*boot), *offset);
  }
  return boots;
}

void ClockWatch::load() {
  if (path_.empty() || loaded_) return;
  const Result<std::string> content = read_file(path_, file_max);
  if (!content) return;
  loaded_ = true;
  boots_ = parse_boots(*content);
  for (const auto& [boot, offset] : boots_) timeline_.remember(boot, offset);
}

void ClockWatch::look(std::uint64_t waiting) {
  load();  // the folder may have come since
  const Timeline::Now now = timeline_.now();
  const Stamp before = std::exchange(last_, now.stamp);
  const auto counts = std::to_string(waiting);
  if (!now.stamp.set && !std::exchange(said_unset_, true)) {
    log::warn("agent", "clock_not_set",
              {{"reason", "waiting for the clock: it says " + time_words(now.wall) +
                              ", which is long before this agent was built"},
               {"effect", "samples are kept and dated when it is set; nothing is sent"}});
  }
  if (stepped(before.offset, now.stamp.offset)) {
    const TimeMs step = now.stamp.offset - before.offset;
    log::info("agent", "clock_stepped",
              {{"from", time_words(now.wall - step)},
               {"to", time_words(now.wall)},
               {"seconds", fmt::format("{:+.3f}", static_cast<double>(step) / 1000)},
               {"waiting_blocks", counts}});
  }
  if (now.stamp.set && std::exchange(said_unset_, false)) {
    log::info("agent", "clock_set", {{"time", time_words(now.wall)}, {"waiting_blocks", counts}});
  }
  remember(now.stamp);
}

// The clock as it was last, once it was set, is the best guess for this boot's records, should they be left
// to a later one. One write a boot, and one a step.
void ClockWatch::remember(const Stamp& stamp) {
  if (path_.empty() || stamp.boot == 0 || !stamp.set) return;
  const auto is_this_boot = [&stamp](const auto& one) { return one.first == stamp.boot; };
  const auto known = std::find_if(boots_.begin(), boots_.end(), is_this_boot);
  if (known != boots_.end() && !stepped(known->second, stamp.offset)) return;
  Boots boots = boots_;
  std::erase_if(boots, is_this_boot);
  boots.emplace_back(stamp.boot, stamp.offset);
  if (boots.size() > boots_max) boots.erase(boots.begin());
  std::string content;
  for (const auto& [boot, offset] : boots) content += fmt::format("{} {}\n", boot, offset);
  if (!write_file(path_, content)) {
    if (!std::exchange(said_unkept_, true)) log::warn("agent", "clock_not_kept", {{"file", path_}});
    return;  // until the next look
  }
  boots_ = std::move(boots);
  loaded_ = true;
  said_unkept_ = false;
}

}  // namespace scops
