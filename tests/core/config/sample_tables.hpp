// Option tables with a row of each type, for the tests of core/config.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/config/option.hpp"

namespace scops::sample {

struct HostSettings {
  std::string proc;
  Duration interval{};
  TextList metrics;
  double threshold = 0;
  bool loops = false;
};

struct OutputSettings {
  Secret key;
  std::string level;
  std::int64_t port = 0;
  Bytes limit;
  TextList tags;
  std::string key_file;
};

inline constexpr std::array host_rows = {
    option<&HostSettings::proc>({.name = "proc", .fallback = "/proc", .help = "Root of procfs."}),
    option<&HostSettings::interval>({.name = "interval",
                                     .fallback = "30s",
                                     .help = "How often the host is read.",
                                     .aliases = "CAPTURE_INTERVAL|HOST_PERIOD",
                                     .min = "1s",
                                     .max = "1d"}),
    option<&HostSettings::metrics>({.name = "metrics",
                                    .fallback = R"(["cpu","fs"])",
                                    .help = "What is sent.",
                                    .choices = "cpu|fs|la|ram|network",
                                    .aliases = "HOST_COLLECT_METRICS"}),
    option<&HostSettings::threshold>({.name = "threshold",
                                      .fallback = "0.8",
                                      .help = "Share of the disk that is full.",
                                      .min = "0",
                                      .max = "1"}),
    option<&HostSettings::loops>({.name = "loops", .fallback = "false", .help = "Also loop devices."}),
};

inline constexpr std::array output_rows = {
    option<&OutputSettings::key>({.name = "key", .fallback = "", .help = "API key.", .aliases = "API_KEY"}),
    option<&OutputSettings::level>({.name = "level",
                                    .fallback = "info",
                                    .help = "Least level that is logged.",
                                    .choices = "debug|info|warn",
                                    .aliases = "LOG_LEVEL"}),
    option<&OutputSettings::port>({.name = "port",
                                   .fallback = "6379",
                                   .help = "TCP port.",
                                   .aliases = "REDIS_PORT",
                                   .min = "1",
                                   .max = "65535"}),
    option<&OutputSettings::limit>(
        {.name = "limit", .fallback = "64MiB", .help = "Most bytes.", .min = "1KiB"}),
    option<&OutputSettings::tags>(
        {.name = "tags", .fallback = "[]", .help = "Tags of all.", .aliases = "GLOBAL_TAGS"}),
    option<&OutputSettings::key_file>(
        {.name = "tls_key_file", .fallback = "", .help = "Path of the TLS key."}),
};

inline std::vector<Section> sections() {
  return {section<HostSettings>("host", "The machine.", host_rows),
          section<OutputSettings>("output", "Where it goes.", output_rows)};
}

template <class Settings>
const Settings& settings_of(const Section& section) {
  return *static_cast<const Settings*>(section.settings.get());
}

}  // namespace scops::sample
