// The third seam: an output turns records into one request of a remote API and says what became of it.
// The dispatcher (transport/dispatch) owns batching, retries, backoff and acks; an output only sends.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "core/model/buffer.hpp"
#include "core/model/log.hpp"
#include "core/model/metric.hpp"

namespace scops {

// What one request carries: records of one kind, in the member of that kind.
struct Payload {
  Kind kind = Kind::metrics;
  SampleSet metrics = {};
  std::vector<LogRecord> logs = {};
  [[nodiscard]] std::size_t size() const { return kind == Kind::logs ? logs.size() : metrics.samples.size(); }
};

enum class Verdict : std::uint8_t {
  accepted,      // it is theirs now: ack
  retry,         // no answer, 5xx, garbage: the same bytes again after a backoff
  throttled,     // 429, 503: as retry, but not before `retry_after`
  too_large,     // 413, or over our own byte limit: cut in two
  refused,       // 400, 422: something in it is bad: once more, then bisect
  unauthorized,  // 401, 403: keep everything, back off to minutes, say it once
};

struct Reply {
  Verdict verdict = Verdict::retry;
  std::string detail;       // one line for the log, no secrets: "HTTP 503", "connect: refused"
  int code = 0;             // HTTP status, 0 when there was none
  bool left = true;         // false: the request never left, so that nobody can have it
  std::uint64_t bytes = 0;  // body bytes as sent, compressed
  bool cut_short = false;   // retry: the time was over before it was sent, nobody has read all of it
  bool slow = false;        // retry: the same, or all of it was sent and not yet confirmed
  std::chrono::milliseconds retry_after{0};
};

// What the dispatcher must respect when it cuts a batch of one kind.
struct OutputLimits {
  std::uint32_t records = 10000;  // in one request; 0: no limit of its own
  bool immediate = false;         // send at every flush instead of every RELEASE_INTERVAL
};

class Output {
 public:
  virtual ~Output() = default;
  [[nodiscard]] virtual OutputLimits limits(Kind kind) const = 0;
  // Sends one request; the same records give the same bytes. Returns early with `retry` when stopped.
  // Called from the output's own thread only.
  virtual Reply send(const Payload& payload, std::chrono::milliseconds timeout, std::stop_token stop) = 0;
};

}  // namespace scops
