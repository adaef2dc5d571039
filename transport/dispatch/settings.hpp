// The options of the room "dispatch": which outputs run, when they send, and how they wait after a failure.
#pragma once

#include <cstdint>

#include "core/config/option.hpp"
#include "core/model/result.hpp"

namespace scops {

struct DispatchSettings {
  TextList outputs;               // empty: the agent decides
  Duration interval{60'000};      // between releases; a request may take 0.8 of it
  Duration backoff_min{1'000};    // longest wait after the first failure
  Duration backoff_max{300'000};  // longest wait after any number of failures
  Duration grace{3'000};          // for the last send when the agent stops
  std::int64_t rate_max = 2;      // requests a second of one output while it drains a backlog
  bool fresh_first = true;        // before a backlog, twice an interval
};

[[nodiscard]] Section dispatch_section();

// What a single row cannot check. ErrorKind::refused names the option.
[[nodiscard]] Status validate(const DispatchSettings& settings);

// How long one request may take: 0.8 of the interval, at least a second.
[[nodiscard]] Duration request_timeout(const DispatchSettings& settings);

}  // namespace scops
