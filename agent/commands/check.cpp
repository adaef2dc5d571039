// scops check [COLLECTOR...]: collects once and prints what would be sent, after tags and filters. Counters
// need two readings for a rate, so each collector is asked twice, a second apart, and the second answer is
// shown.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <thread>

#include "agent/commands/command.hpp"
#include "agent/schedule.hpp"
#include "collectors/registry.hpp"
#include "core/io/block_codec.hpp"
#include "core/model/text.hpp"
#include "core/runtime/stop.hpp"
#include "transport/outputs/stdout/render.hpp"

namespace scops {

namespace {

constexpr Duration between_readings{1000};

struct Checked {
  std::unique_ptr<PullCollector> collector;
  std::unique_ptr<Schedule> schedule;
};

// The names to check: those on the command line, else the configured ones; empty after a complaint.
std::vector<std::string> wanted_collectors(const CommandLine& line, const Settings& settings) {
  if (line.words.empty()) {
    if (settings.agent().collectors.empty())
      complain("scops check: no collector is enabled (agent.collectors); name one");
    return settings.agent().collectors;
  }
  std::vector<std::string_view> known;
  for (const CollectorSpec* spec : collector_specs()) known.push_back(spec->name);
  for (const std::string& name : line.words) {
    if (find_collector(name) != nullptr) continue;
    complain(
        fmt::format("scops: unknown collector \"{}\"; known: {}", printable(name), fmt::join(known, ", ")));
    return {};
  }
  return line.words;
}

void print_flush(Pipeline& pipeline, bool json) {
  std::string text;
  for (const Block& block : pipeline.flush()) {
    const auto set = decode_block(block.bytes);
    if (!set) continue;
    json ? append_json_lines(text, *set) : append_table(text, *set);
  }
  print(text);
}

}  // namespace

int check_collectors(const CommandLine& line) {
  Settings settings;
  if (!load_or_complain(settings, line)) return 2;
  const std::vector<std::string> names = wanted_collectors(line, settings);
  if (names.empty()) return 2;

  const SystemClock clock;
  Stats stats;
  Pipeline pipeline(settings.pipeline(), block_records_max, stats);
  std::vector<Checked> checked;
  for (const std::string& name : names) {
    const CollectorSpec& spec = *find_collector(name);
    if (spec.make == nullptr) {
      complain(fmt::format("scops: {} drains a queue: nothing to collect", name));
      continue;
    }
    auto collector =
        spec.make(settings.room(name), settings.collector_context(clock, stats, between_readings));
    if (!collector) {
      complain(fmt::format("scops: {}: {}", name, collector.error().text));
      return 2;
    }
    auto schedule = std::make_unique<Schedule>(name, **collector, between_readings, pipeline, clock, stats);
    checked.push_back({std::move(*collector), std::move(schedule)});
  }

  for (const Checked& one : checked) one.schedule->capture();
  nap(std::stop_token{}, between_readings);
  (void)pipeline.flush();
  for (const Checked& one : checked) one.schedule->capture();
  print_flush(pipeline, line.json);

  int status = 0;
  for (const Checked& one : checked) {
    const Schedule::State state = one.schedule->state();
    const std::string& why = state.last_error.empty() ? state.absent : state.last_error;
    if (why.empty()) continue;
    complain(fmt::format("{}: {}", state.name, why));
    status = 1;
  }
  return status;
}

}  // namespace scops
