#include "agent/settings.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <utility>

#include "agent/environment.hpp"
#include "agent/listen.hpp"
#include "agent/version.hpp"
#include "collectors/listen/chouette/chouette.hpp"
#include "collectors/registry.hpp"
#include "core/config/value.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"
#include "core/runtime/log.hpp"
#include "transport/outputs/registry.hpp"

namespace scops {

namespace {

// "|host|docker": the known names as the preprocessor sees them, so that the option row stays constexpr.
#define COLLECTOR(name) "|" #name
constexpr std::string_view collector_names =
#include "collectors/collectors.def"
    ;
#undef COLLECTOR

constexpr Option agent_options[] = {
    option<&AgentSettings::collectors>({.name = "collectors",
                                        .fallback = R"(["host"])",
                                        .help = "Collectors to run.",
                                        .choices = collector_names.substr(1),
                                        .aliases = "COLLECTOR_PLUGINS|COLLECT_PLUGINS",
                                        .exact_case = true}),
    option<&AgentSettings::capture_interval>(
        {.name = "capture_interval",
         .fallback = "30s",
         .help = "How often collectors capture, unless their own interval says otherwise.",
         .aliases = "CAPTURE_INTERVAL",
         .min = "1s",
         .max = "1d"}),
    option<&AgentSettings::host>(
        {.name = "host",
         .fallback = "",
         .help = "Host name sent with every metric and log; empty: that of the global tag host:NAME, else "
                 "the machine's own.",
         .aliases = "HOST"}),
    option<&AgentSettings::state>(
        {.name = "state",
         .fallback = "",
         .help = "Folder for what survives a restart; empty: $STATE_DIRECTORY, else /var/lib/scops where "
                 "writable, else the user's XDG state folder.",
         .aliases = "SCOPS_STATE"}),
    option<&AgentSettings::log_level>({.name = "log_level",
                                       .fallback = "info",
                                       .help = "Least level that is logged.",
                                       .choices = "debug|info|warn|warning|error|critical",
                                       .aliases = "LOG_LEVEL"}),
    option<&AgentSettings::log_format>({.name = "log_format",
                                        .fallback = "text",
                                        .help = "Layout of log lines on standard error.",
                                        .choices = "text|json"}),
    option<&AgentSettings::self_metrics>(
        {.name = "self_metrics",
         .fallback = "true",
         .help = "Send chouette.queued.metrics and chouette.dispatched.*, and what own_metrics names.",
         .aliases = "SEND_SELF_METRICS"}),
    option<&AgentSettings::own_metrics>(
        {.name = "own_metrics",
         .fallback = R"(["scops.buffer.dropped_records","scops.pipeline.dropped_samples","scops.process.*"])",
         .help = "Globs of the agent's own metrics to send, every capture_interval; /metrics lists all, "
                 "scops_buffer_records as scops.buffer.records."}),
    option<&AgentSettings::memory_max>(
        {.name = "memory_max",
         .fallback = "64MiB",
         .help =
             "Most memory that the process takes, code and libraries included (VmRSS of /proc/PID/status); "
             "at least 32MiB, 0: no cap. Near it queues are drained in smaller parts; at it the oldest "
             "samples and blocks that are only in memory, and reports of new series, are dropped and "
             "counted.",
         .max = "1TiB"}),
};

constexpr Option http_options[] = {
    option<&HttpSettings::listen>(
        {.name = "listen",
         .fallback = "127.0.0.1:18125",
         .help = "Address and port of /healthz, /readyz, /metrics and /status; off: no listener."}),
    option<&HttpSettings::insecure>(
        {.name = "insecure",
         .fallback = "false",
         .help = "Allows an address other than loopback: anyone who reaches it can read the pages."}),
};

constexpr Option frame_options[] = {
    option<&FrameSettings::interval>({.name = "interval",
                                      .fallback = "0s",
                                      .help = "How often this collector captures, at least 1s; 0: "
                                              "agent.capture_interval.",
                                      .max = "1d"}),
};

constexpr Duration interval_least{1000};  // but for 0, so that the row cannot say it

// The program and its libraries alone are half of it.
constexpr std::uint64_t memory_least = 32U << 20U;

bool writable_folder(const std::string& path) {
  std::error_code ignored;
  return make_private_folder(path) && ::access(path.c_str(), W_OK | X_OK) == 0 &&
         std::filesystem::is_directory(path, ignored);
}

std::string unknown_output(const std::string& name) {
  std::vector<std::string_view> known;
  for (const OutputSpec* spec : output_specs()) known.push_back(spec->name);
  const std::string_view nearest = nearest_name(name, known);
  return fmt::format("dispatch.outputs: unknown output \"{}\"{}; known: {}", printable(name),
                     nearest.empty() ? "" : fmt::format("; nearest: {}", nearest), fmt::join(known, ", "));
}

}  // namespace

Settings::Settings() {
  sections_.push_back(section<AgentSettings>("agent", "The agent itself.", agent_options));
  sections_.push_back(pipeline_section());
  sections_.push_back(buffer_section());
  sections_.push_back(redis_section());
  sections_.push_back(dispatch_section());
  for (const OutputSpec* output : output_specs()) sections_.push_back(output->section());
  for (const CollectorSpec* collector : collector_specs()) {
    sections_.push_back(collector->section());
    if (collector->make != nullptr)
      sections_.push_back(section<FrameSettings>(collector->name, collector->help, frame_options));
  }
  sections_.push_back(section<HttpSettings>("http", "The agent's own pages.", http_options));
}

Loaded Settings::load(const LoadInput& input) {
  Loaded loaded = scops::load(sections_, input);
  effective_ = loaded.effective;
  for (const Status& valid : {validate(dispatch()), validate(pipeline()), validate(redis())}) {
    if (!valid) loaded.problems.push_back(valid.error().text);
  }
  if (const std::uint64_t cap = agent().memory_max.count; cap != 0 && cap < memory_least) {
    loaded.problems.emplace_back("agent.memory_max is below 32MiB, which the process may need; 0: no cap");
  }
  for (const std::string& name : dispatch().outputs) {
    if (find_output(name) == nullptr) loaded.problems.push_back(unknown_output(name));
  }
  for (const Effective& value : effective_) {
    if (value.section->options.data() != std::data(frame_options)) continue;
    const Duration own = static_cast<const FrameSettings*>(value.section->settings.get())->interval;
    if (own <= Duration{0} || own >= interval_least) continue;
    loaded.problems.push_back(fmt::format("{}={} ({}): out of range; allowed: 0, or 1s to 1d",
                                          key_name(*value.section, *value.option), value.value,
                                          value.origin));
  }
  if (const auto listen = parse_listen(http()); !listen) loaded.problems.push_back(listen.error().text);
  return loaded;
}

const OutputSpec* find_output(std::string_view name) {
  for (const OutputSpec* spec : output_specs()) {
    if (spec->name == name) return spec;
  }
  return nullptr;
}

bool Settings::chosen(std::string_view room, std::string_view name) const {
  return std::any_of(effective_.begin(), effective_.end(), [=](const Effective& value) {
    return value.section->room == room && value.option->text.name == name && value.origin != "default";
  });
}

void Settings::apply_to_log() const {
  const std::string& wanted = agent().log_level;
  const auto level = wanted == "debug"                         ? log::Level::debug
                     : wanted == "info"                        ? log::Level::info
                     : wanted == "warn" || wanted == "warning" ? log::Level::warn
                                                               : log::Level::error;
  log::configure(level, agent().log_format == "json" ? log::Layout::json : log::Layout::text);
}

const void* Settings::room(std::string_view name) const {
  const auto found =
      std::find_if(sections_.begin(), sections_.end(), [name](const Section& s) { return s.room == name; });
  return found == sections_.end() ? nullptr : found->settings.get();
}

Duration Settings::capture_interval(std::string_view collector) const {
  for (const Section& candidate : sections_) {
    if (candidate.room != collector || candidate.options.data() != std::data(frame_options)) continue;
    const Duration own = static_cast<const FrameSettings*>(candidate.settings.get())->interval;
    if (own.count() > 0) return own;
  }
  return agent().capture_interval;
}

std::vector<std::string> Settings::outputs() const {
  TextList names;
  for (const std::string& name : dispatch().outputs) add_once(names, name);  // two would share one cursor
  if (!names.empty()) return names;
  return {chosen("datadog", "api_key") ? "datadog" : "stdout"};
}

bool Settings::redis_chosen() const {
  return std::any_of(effective_.begin(), effective_.end(), [](const Effective& value) {
    return value.section->room == "redis" && value.origin != "default";
  });
}

BufferSettings Settings::buffer() const {
  auto settings = of<BufferSettings>("buffer");
  if (settings.type == "auto") settings.type = redis_chosen() ? "redis" : "embedded";
  return settings;
}

CollectorContext Settings::collector_context(const Clock& clock, Stats& stats, Duration interval) const {
  return {.redis = redis_target(redis()),
          .user_agent = fmt::format("scops/{}", version),
          .clock = &clock,
          .stats = &stats,
          .interval = interval};
}

BufferContext Settings::buffer_context(std::string folder, std::vector<std::string> outputs) const {
  return {.folder = std::move(folder),
          .outputs = std::move(outputs),
          .clock = nullptr,
          .stats = nullptr,
          .redis = redis_target(redis()),
          .redis_name = redis().name,
          .consumer = consumer()};
}

std::vector<std::string> Settings::collectors() const {
  std::vector<std::string> names = agent().collectors;
  const std::string& enabled = of<chouette::ChouetteSettings>("chouette").enabled;
  const bool listed = std::find(names.begin(), names.end(), "chouette") != names.end();
  const bool wanted = enabled == "auto" ? redis_chosen() || buffer().type == "redis" : enabled == "true";
  if (wanted && !listed) names.emplace_back("chouette");
  return names;
}

std::string Settings::consumer() const { return redis().consumer.empty() ? host() : redis().consumer; }

std::string Settings::host() const {
  if (!agent().host.empty()) return agent().host;
  // Two names for one machine would be two machines to the intake.
  constexpr std::string_view key = "host:";
  for (const std::string& tag : pipeline().tags) {
    if (tag.starts_with(key) && tag.size() > key.size()) return tag.substr(key.size());
  }
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::vector<std::string> state_folders(const std::string& wanted) {
  if (!wanted.empty()) return {wanted};
  std::vector<std::string> candidates;
  // Several are separated by colons, see systemd.exec(5).
  const std::string_view from_systemd = environment("STATE_DIRECTORY");
  if (!from_systemd.empty()) candidates.emplace_back(from_systemd.substr(0, from_systemd.find(':')));
  candidates.emplace_back("/var/lib/scops");
  if (const std::string_view xdg = environment("XDG_STATE_HOME"); !xdg.empty()) {
    candidates.push_back(std::string(xdg) + "/scops");
  } else if (const std::string_view home = environment("HOME"); !home.empty()) {
    candidates.push_back(std::string(home) + "/.local/state/scops");
  }
  return candidates;
}

std::string state_folder(const std::string& wanted) {
  const std::vector<std::string> candidates = state_folders(wanted);
  const auto found = std::find_if(candidates.begin(), candidates.end(), writable_folder);
  return found == candidates.end() ? wanted : *found;
}

}  // namespace scops
