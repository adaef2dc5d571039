// scops buffer show|drop: what waits in the buffer of a stopped agent, or how to empty it. A running agent
// holds its folder for itself and shows the same with `scops status`. A Redis is everybody's: nothing is
// locked.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "agent/clock_watch.hpp"
#include "agent/commands/command.hpp"
#include "agent/version.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/timeline.hpp"

namespace scops {

namespace {

// The state folder of an agent that has run with these settings, or one that we may not look into; empty:
// there is none. Looking makes none.
std::string used_folder(const BufferSettings& buffer, const std::vector<std::string>& folders) {
  const auto used = [&](const std::string& folder) {
    std::error_code error;
    return buffer.type == "embedded" ? stored_in(folder) : std::filesystem::is_directory(folder, error);
  };
  const auto closed = [](const std::string& folder) {
    return ::access(folder.c_str(), X_OK) != 0 && errno == EACCES;
  };
  auto found = std::find_if(folders.begin(), folders.end(), used);
  if (found == folders.end()) found = std::find_if(folders.begin(), folders.end(), closed);
  return found == folders.end() ? "" : *found;
}

int show(const Buffer& buffer, const std::string& where, bool json) {
  const BufferStats stats = buffer.stats();
  const auto age = stats.oldest == 0 ? 0 : std::max<TimeMs>(0, SystemClock().wall() - stats.oldest) / 1000;
  if (json) {
    print(fmt::format("{{\"blocks\":{},\"records\":{},\"bytes\":{},\"oldest_age_seconds\":{}}}\n",
                      stats.blocks, stats.records, stats.bytes, age));
    return 0;
  }
  print(fmt::format("{}: {} blocks, {} records, {} bytes, the oldest {} s old\n", where, stats.blocks,
                    stats.records, stats.bytes, age));
  return 0;
}

int drop(std::unique_ptr<Buffer> buffer, const Settings& settings, const BufferContext& context) {
  const std::uint64_t records = buffer->stats().records;
  buffer.reset();  // gives the folder's lock back
  const Status dropped = settings.buffer().type == "redis"
                             ? drop_stored(*context.redis, context.redis_name, *context.clock)
                             : drop_stored(context.folder);
  if (!dropped) {
    complain("scops buffer: " + dropped.error().text);
    return 1;
  }
  print(fmt::format("{} records dropped\n", records));
  return 0;
}

}  // namespace

int handle_buffer(const CommandLine& line) {
  const std::string verb = line.words.empty() ? "" : line.words.front();
  if (verb != "show" && verb != "drop") {
    complain("scops buffer: show or drop?");
    return 2;
  }
  Settings settings;
  if (!load_or_complain(settings, line)) return 2;
  const BufferSettings wanted = settings.buffer();
  if (wanted.type == "memory") {
    complain("scops buffer: the buffer is only in memory; ask the running agent with scops status");
    return 1;
  }
  const std::vector<std::string> folders = state_folders(settings.agent().state);
  const std::string folder = used_folder(wanted, folders);
  if (wanted.type == "embedded" && folder.empty()) {
    complain(fmt::format("scops buffer: there is no buffer at {}", fmt::join(folders, ", ")));
    return 1;
  }
  const SystemClock clock;
  Stats stats;
  BufferContext context = settings.buffer_context(folder, {});
  Timeline timeline(clock, boot_tag(), plausible_since());
  const ClockWatch clock_watch(timeline, folder);
  context.clock = &clock;
  context.stats = &stats;
  context.timeline = &timeline;
  auto buffer = open_buffer(wanted, context);
  if (!buffer) {
    complain("scops buffer: " + buffer.error().text);
    return 1;
  }
  if (const std::string trouble = (*buffer)->stats().trouble; !trouble.empty()) {
    complain("scops buffer: " + trouble);
    return 1;
  }
  const std::string where = wanted.type == "redis" ? RedisClient(*context.redis, clock).where() : folder;
  return verb == "show" ? show(**buffer, where, line.json) : drop(std::move(*buffer), settings, context);
}

}  // namespace scops
