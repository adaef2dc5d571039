// What one output tells the outside about its work: the scops_dispatch_ stats and the lines of stage
// dispatch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/config/option.hpp"
#include "core/model/metric.hpp"
#include "core/model/output.hpp"
#include "core/model/result.hpp"
#include "core/runtime/stats.hpp"

namespace scops {

class Journal {
 public:
  // `output` is the output's name; `stats` outlives this.
  Journal(std::string output, Stats& stats);

  // A request came to an end, in whatever way. `again`: it followed a failure.
  void requested(const Reply& reply, bool again);
  void accepted(const Reply& reply, std::size_t points, TimeMs wall, std::uint32_t failures_before);
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
  const std::string output_;
  const std::string label_;  // output="datadog"
  Stats& stats_;
  Stat& points_;
  Stat& bytes_;
  Stat& retries_;
  Stat& last_success_;
  Stat& backoff_;
  bool said_unauthorized_ = false;
};

}  // namespace scops
