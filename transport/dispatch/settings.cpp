#include "transport/dispatch/settings.hpp"

#include <algorithm>

namespace scops {
namespace {

constexpr Option rows[] = {
    option<&DispatchSettings::outputs>(
        {.name = "outputs",
         .fallback = "[]",
         .help = "Where metrics are sent. Empty: datadog when an API key is set, else stdout."}),
    option<&DispatchSettings::interval>({.name = "interval",
                                         .fallback = "60s",
                                         .help = "Period of the releases; a request may take 0.8 of it.",
                                         .aliases = "RELEASE_INTERVAL",
                                         .min = "1s",
                                         .max = "1d"}),
    option<&DispatchSettings::backoff_min>(
        {.name = "backoff_min",
         .fallback = "1s",
         .help = "Longest wait after a first failure; it doubles with each further one.",
         .min = "100ms",
         .max = "1h"}),
    option<&DispatchSettings::backoff_max>({.name = "backoff_max",
                                            .fallback = "5m",
                                            .help = "Longest wait however often sending has failed.",
                                            .min = "1s",
                                            .max = "1d"}),
    option<&DispatchSettings::grace>(
        {.name = "grace",
         .fallback = "3s",
         .help = "Time for the request in flight and one last send when the agent stops; more than 3.6s has "
                 "no effect, as all of a stop takes no longer.",
         .min = "0s",
         .max = "5m"}),
    option<&DispatchSettings::rate_max>(
        {.name = "rate_max",
         .fallback = "2",
         .help = "Most requests a second of one output while it drains a backlog.",
         .min = "1",
         .max = "100"}),
    option<&DispatchSettings::fresh_first>(
        {.name = "fresh_first",
         .fallback = "true",
         .help =
             "While a backlog drains, send what is younger than two intervals before it, twice an interval; "
             "false: always the oldest first."}),
};

}  // namespace

Section dispatch_section() {
  return section<DispatchSettings>("dispatch", "Batching, release times and retries.", rows);
}

Status validate(const DispatchSettings& settings) {
  if (settings.backoff_min > settings.backoff_max) {
    return Error{ErrorKind::refused, "dispatch.backoff_min is above dispatch.backoff_max"};
  }
  return Ok{};
}

Duration request_timeout(const DispatchSettings& settings) {
  return std::max(Duration(1000), settings.interval * 4 / 5);
}

}  // namespace scops
