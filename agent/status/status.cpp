#include "agent/status/status.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "agent/version.hpp"
#include "core/io/json.hpp"
#include "core/model/text.hpp"
#include "core/runtime/log.hpp"
#include "core/runtime/memory.hpp"

namespace scops {

namespace {

constexpr std::string_view clock_unset = "not set";

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_bytes() { return static_cast<double>(memory::resident()); }

double age_seconds(TimeMs oldest, TimeMs now) {
  return oldest == 0 ? 0 : static_cast<double>(std::max<TimeMs>(0, now - oldest)) / 1000;
}

// Writes one JSON object field by field; nested values are appended as finished JSON.
class JsonObject {
 public:
  JsonObject& text(std::string_view key, std::string_view value) {
    name(key);
    append_json_string(json_, value);
    return *this;
  }
  JsonObject& number(std::string_view key, double value) {
    name(key);
    append_json_number(json_, value);
    return *this;
  }
  JsonObject& boolean(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  JsonObject& raw(std::string_view key, std::string_view json) {
    name(key);
    json_ += json;
    return *this;
  }
  [[nodiscard]] std::string done() const { return json_ + "}"; }

 private:
  void name(std::string_view key) {
    if (json_.size() > 1) json_ += ',';
    append_json_string(json_, key);
    json_ += ':';
  }
  std::string json_ = "{";
};

std::string json_list(const std::vector<std::string>& items) {
  return fmt::format("[{}]", fmt::join(items, ","));
}

std::string collector_json(const Schedule::State& state) {
  return JsonObject()
      .text("name", state.name)
      .number("interval_seconds", static_cast<double>(state.interval_ms) / 1000)
      .number("runs", static_cast<double>(state.runs))
      .number("errors", static_cast<double>(state.errors))
      .number("skipped", static_cast<double>(state.skipped))
      .number("last_seconds", state.last_seconds)
      .number("busy_seconds", static_cast<double>(state.busy_ms) / 1000)
      .text("last_error", log::masked(state.last_error))
      .text("absent", log::masked(state.absent))
      .done();
}

// Every stat of the output, under its name without the common prefix: {"requests_total{code=\"202\"}": 12,
// ...}.
std::string output_json(const std::string& output, const Stats& stats) {
  JsonObject json;
  json.text("name", output);
  const std::string own = fmt::format("output=\"{}\"", output);
  const std::string_view common = "scops_dispatch_";
  stats.visit([&](std::string_view name, std::string_view labels, double value) {
    if (!name.starts_with(common) || !labels.starts_with(own)) return;
    std::string key(name.substr(common.size()));
    if (labels.size() > own.size()) key += fmt::format("{{{}}}", labels.substr(own.size() + 1));
    json.number(key, value);
  });
  return json.done();
}

HttpAnswer probe(const std::string& reason, const char* fine) {
  if (reason.empty()) return {.body = fine};
  return {.status = 503, .body = reason + "\n"};
}

}  // namespace

StatusPages::StatusPages(StatusSources sources) : sources_(std::move(sources)) {}

HttpAnswer StatusPages::answer(std::string_view path) const {
  if (path == "/healthz") return probe(unhealthy(), "ok\n");
  if (path == "/readyz") return probe(not_ready(), "ready\n");
  if (path == "/metrics")
    return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_text()};
  if (path == "/status") return {.content_type = "application/json", .body = status_json() + "\n"};
  if (path == "/") return {.body = "scops: /healthz /readyz /metrics /status\n"};
  return {.status = 404, .body = "not found\n"};
}

std::string StatusPages::unhealthy() const {
  const std::string hung = sources_.hung_output ? sources_.hung_output() : "";
  return hung.empty() ? "" : fmt::format("the thread of output {} hangs", hung);
}

std::string StatusPages::not_ready() const {
  for (const Schedule* collector : sources_.collectors) {
    const Schedule::State state = collector->state();
    if (state.runs == 0) return fmt::format("collector {} has not captured yet", state.name);
  }
  if (clock_state() == clock_unset) return "waiting for the clock: it is long before this agent's build date";
  return log::masked(sources_.buffer->stats().trouble);
}

std::string_view StatusPages::clock_state() const {
  if (sources_.timeline == nullptr) return "unknown";
  const Stamp stamp = sources_.timeline->stamp();
  if (!stamp.set) return clock_unset;
  return stamp.sure ? "synchronised" : "set";
}

std::string StatusPages::metrics_text() const {
  refresh_gauges();
  return sources_.stats->prometheus();
}

void StatusPages::refresh_gauges() const {
  Stats& stats = *sources_.stats;
  const BufferStats buffer = sources_.buffer->stats();
  stats.gauge("scops_buffer_blocks", "Blocks waiting for an output.").set(static_cast<double>(buffer.blocks));
  stats.gauge("scops_buffer_records", "Records waiting for an output.")
      .set(static_cast<double>(buffer.records));
  stats.gauge("scops_buffer_bytes", "Bytes of the waiting blocks.").set(static_cast<double>(buffer.bytes));
  stats.gauge("scops_buffer_oldest_age_seconds", "Age of the oldest waiting block.")
      .set(age_seconds(buffer.oldest, sources_.clock->wall()));
  stats.gauge("scops_buffer_durable", "1 when what is buffered survives a restart.")
      .set(buffer.durable ? 1 : 0);
  for (const Schedule* collector : sources_.collectors) {
    const Schedule::State state = collector->state();
    stats
        .gauge("scops_collect_busy_seconds", "How long the present capture has been running.",
               fmt::format("collector=\"{}\"", state.name))
        .set(static_cast<double>(state.busy_ms) / 1000);
  }
  stats.counter("process_cpu_seconds_total", "Processor time of this process.").set(cpu_seconds());
  stats.gauge("process_resident_memory_bytes", "Resident memory of this process.").set(resident_bytes());
  stats.gauge("scops_uptime_seconds", "Seconds since the agent started.")
      .set(static_cast<double>(sources_.clock->steady() - sources_.started) / 1000);
  stats.gauge("scops_info", "Version of the agent.", fmt::format("version=\"{}\"", version)).set(1);
}

std::string StatusPages::status_json() const {
  std::vector<std::string> collectors;
  for (const Schedule* collector : sources_.collectors)
    collectors.push_back(collector_json(collector->state()));
  std::vector<std::string> outputs;
  for (const std::string& output : sources_.outputs) outputs.push_back(output_json(output, *sources_.stats));
  const BufferStats buffer = sources_.buffer->stats();
  const std::string reason = not_ready();
  return JsonObject()
      .text("version", version)
      .text("host", sources_.host)
      .text("state", sources_.state_folder)
      .boolean("ready", reason.empty())
      .text("not_ready", reason)
      .text("unhealthy", unhealthy())
      .text("clock", clock_state())
      .number("uptime_seconds", static_cast<double>(sources_.clock->steady() - sources_.started) / 1000)
      .number("cpu_seconds", cpu_seconds())
      .number("resident_bytes", resident_bytes())
      .raw("collectors", json_list(collectors))
      .raw("buffer", JsonObject()
                         .number("blocks", static_cast<double>(buffer.blocks))
                         .number("records", static_cast<double>(buffer.records))
                         .number("bytes", static_cast<double>(buffer.bytes))
                         .number("oldest_age_seconds", age_seconds(buffer.oldest, sources_.clock->wall()))
                         .boolean("durable", buffer.durable)
                         .text("trouble", log::masked(buffer.trouble))
                         .done())
      .raw("outputs", json_list(outputs))
      .done();
}

}  // namespace scops
