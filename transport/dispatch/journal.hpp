// What one output's delivery of one kind tells the outside about its work: the scops_dispatch_ stats, the
// lines of stage dispatch, and the agent's self metrics.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/config/option.hpp"
#include "core/model/buffer.hpp"
#include "core/model/metric.hpp"
#include "core/model/output.hpp"
#include "core/model/result.hpp"
#include "core/runtime/stats.hpp"

namespace scops {

// Takes one of the agent's own metrics ("chouette.dispatched.logs.bytes", a gauge or a count) to where
// applications' metrics go. Called in the output's thread.
using SelfMetric = std::function<void(std::string_view name, RawType type, double value)>;

class Journal {
 public:
  // `output` is the output's name; `stats` outlives this. `self` may be empty.
  Journal(std::string output, Kind kind, Stats& stats, SelfMetric self);

  // A request is about to be made while `buffer` waits.
  void sending(const Buffer& buffer);
  // A request came to an end, in whatever way. `again`: it followed a failure.
  void requested(const Reply& reply, bool again);
  void accepted(const Reply& reply, std::size_t records, TimeMs wall, std::uint32_t failures_before);
  // The next attempt is `wait` away. 401 and 403 are an error, said once until a request is accepted; all
  // else is a warning.
  void failed(const Reply& reply, Duration wait);
  // Records that will never be sent; `reason` is "refused" or "damaged".
  void dropped(std::string_view reason, std::uint64_t records);
  // The buffer could not be read.
  void store_failed(const Error& error, Duration wait);
  // The buffer could not note what was sent; sending goes on.
  void ack_failed(const Error& error);

 private:
  struct Numbers {
    Stat& records;
    Stat& bytes;
    Stat& retries;
    Stat& last_success;
    Stat& backoff;
  };
  Numbers& numbers();
  void tell(std::string_view what, double value);

  const Kind kind_;
  const std::string output_;  // in lines: datadog, datadog/logs; lines with different ones are told apart
  const std::string label_;   // output="datadog", output="datadog",kind="logs"
  Stats& stats_;
  const SelfMetric self_;
  std::optional<Numbers> numbers_;
  bool said_unauthorized_ = false;
};

}  // namespace scops
