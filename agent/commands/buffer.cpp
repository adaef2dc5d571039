// scops buffer show|drop: what waits in the buffer of a stopped agent, or how to empty it. A running agent
// holds its buffer for itself and shows the same with `scops status`.
#include <fmt/format.h>

#include "agent/commands/command.hpp"
#include "core/runtime/clock.hpp"

namespace scops {

namespace {

constexpr std::uint32_t records_at_once = 100000;

void show(const Settings& settings, Buffer& buffer, const std::string& folder, bool json) {
  const BufferStats stats = buffer.stats();
  const auto age = stats.oldest == 0 ? 0 : (SystemClock().wall() - stats.oldest) / 1000;
  const auto outputs = settings.outputs();
  if (json) {
    print(fmt::format("{{\"blocks\":{},\"records\":{},\"bytes\":{},\"oldest_age_seconds\":{}}}\n",
                      stats.blocks, stats.records, stats.bytes, age));
    return;
  }
  print(fmt::format("{} for {}: {} blocks, {} records, {} bytes, the oldest {} s old\n", folder,
                    fmt::join(outputs, ", "), stats.blocks, stats.records, stats.bytes, age));
}

// Acks all that waits for one output: the ordinary way for a block to leave.
Status drop_kind(Buffer& buffer, const std::string& output, Kind kind) {
  for (;;) {
    const auto blocks = buffer.read(output, kind, records_at_once);
    if (!blocks) return blocks.error();
    if (blocks->empty()) return Ok{};
    std::vector<BlockId> ids;
    for (const Block& block : *blocks) ids.push_back(block.id);
    Status acked = buffer.ack(output, ids);
    if (!acked) return acked;
  }
}

Status drop(const Settings& settings, Buffer& buffer) {
  for (const std::string& output : settings.outputs()) {
    for (const Kind kind : {Kind::metrics, Kind::events, Kind::logs}) {
      Status dropped = drop_kind(buffer, output, kind);
      if (!dropped) return dropped;
    }
  }
  return buffer.maintain(SystemClock().wall());
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
  const SystemClock clock;
  Stats stats;
  const std::string folder = state_folder(settings.agent().state);
  if (folder.empty() || settings.buffer().type == "memory") {
    complain("scops buffer: the buffer is only in memory; ask the running agent with scops status");
    return 1;
  }
  const auto buffer = open_buffer(
      settings.buffer(), {.folder = folder, .outputs = settings.outputs(), .clock = &clock, .stats = &stats});
  if (!buffer) {
    complain("scops buffer: " + buffer.error().text);
    return 1;
  }
  if (verb == "drop") {
    const std::uint64_t records = (*buffer)->stats().records;
    if (const Status dropped = drop(settings, **buffer); !dropped) {
      complain("scops buffer: " + dropped.error().text);
      return 1;
    }
    print(fmt::format("{} records dropped\n", records));
    return 0;
  }
  show(settings, **buffer, folder, line.json);
  return 0;
}

}  // namespace scops
