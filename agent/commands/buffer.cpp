// scops buffer show|drop: what waits in the buffer of a stopped agent, or how to empty it. A running agent
// holds its buffer for itself and shows the same with `scops status`.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "agent/commands/command.hpp"
#include "core/runtime/clock.hpp"

namespace scops {

namespace {

int show(const Buffer& buffer, const std::string& folder, bool json) {
  const BufferStats stats = buffer.stats();
  const auto age = stats.oldest == 0 ? 0 : (SystemClock().wall() - stats.oldest) / 1000;
  if (json) {
    print(fmt::format("{{\"blocks\":{},\"records\":{},\"bytes\":{},\"oldest_age_seconds\":{}}}\n",
                      stats.blocks, stats.records, stats.bytes, age));
    return 0;
  }
  print(fmt::format("{}: {} blocks, {} records, {} bytes, the oldest {} s old\n", folder, stats.blocks,
                    stats.records, stats.bytes, age));
  return 0;
}

int drop(std::unique_ptr<Buffer> buffer, const std::string& folder) {
  const std::uint64_t records = buffer->stats().records;
  buffer.reset();  // gives the folder's lock back
  if (const Status dropped = drop_stored(folder); !dropped) {
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
  const std::string folder = state_folder(settings.agent().state);
  if (folder.empty() || settings.buffer().type == "memory") {
    complain("scops buffer: the buffer is only in memory; ask the running agent with scops status");
    return 1;
  }
  const SystemClock clock;
  Stats stats;
  auto buffer =
      open_buffer(settings.buffer(), {.folder = folder, .outputs = {}, .clock = &clock, .stats = &stats});
  if (!buffer) {
    complain("scops buffer: " + buffer.error().text);
    return 1;
  }
  return verb == "show" ? show(**buffer, folder, line.json) : drop(std::move(*buffer), folder);
}

}  // namespace scops
