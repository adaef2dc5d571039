#include "transport/dispatch/journal.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/runtime/log.hpp"

namespace scops {
namespace {

constexpr std::string_view stage = "dispatch";

double seconds(std::int64_t milliseconds) { return static_cast<double>(milliseconds) / 1000.0; }

std::string in_seconds(Duration wait) { return fmt::format("{:.1f}", seconds(wait.count())); }

// A peer chooses the status: only real ones may become a label.
std::string code_label(int code) { return code >= 100 && code <= 599 ? fmt::to_string(code) : "error"; }

}  // namespace

Journal::Journal(std::string output, Kind kind, Stats& stats, SelfMetric self)
    : kind_(kind),
      output_(kind == Kind::logs ? output + "/logs" : output),
      label_(fmt::format("output=\"{}\"{}", output, kind == Kind::logs ? ",kind=\"logs\"" : "")),
      stats_(stats),
      self_(std::move(self)) {
  if (kind_ == Kind::metrics) (void)numbers();
}

// Those of logs are made with the first request: most agents have no logs, and their pages need no zeros.
Journal::Numbers& Journal::numbers() {
  if (!numbers_) {
    Stat& records =
        kind_ == Kind::logs
            ? stats_.counter("scops_dispatch_logs_total", "Log records that an output has accepted.", label_)
            : stats_.counter("scops_dispatch_points_total", "Points that an output has accepted.", label_);
    numbers_.emplace(Numbers{
        .records = records,
        .bytes =
            stats_.counter("scops_dispatch_bytes_total", "Body bytes of accepted requests, as sent.", label_),
        .retries = stats_.counter("scops_dispatch_retries_total", "Requests made after a failure.", label_),
        .last_success = stats_.gauge("scops_dispatch_last_success_timestamp_seconds",
                                     "When a request was last accepted, Unix time.", label_),
        .backoff = stats_.gauge("scops_dispatch_backoff_seconds",
                                "The wait that the last failure has caused; 0 after a success.", label_)});
  }
  return *numbers_;
}

void Journal::sending(const Buffer& buffer) {
  if (!self_ || kind_ != Kind::metrics) return;
  const std::uint64_t waiting = buffer.stats().metrics;
  if (waiting > 0) self_("chouette.queued.metrics", RawType::gauge, static_cast<double>(waiting));
}

void Journal::requested(const Reply& reply, bool again) {
  stats_
      .counter("scops_dispatch_requests_total", "Requests by HTTP status, or error when there was no answer.",
               fmt::format("{},code=\"{}\"", label_, code_label(reply.code)))
      .add();
  if (again) numbers().retries.add();
}

void Journal::accepted(const Reply& reply, std::size_t records, TimeMs wall, std::uint32_t failures_before) {
  numbers().records.add(static_cast<double>(records));
  numbers().bytes.add(static_cast<double>(reply.bytes));
  numbers().last_success.set(seconds(wall));
  numbers().backoff.set(0);
  if (reply.bytes > 0) {  // else there was nothing that could be sent
    tell("number", static_cast<double>(records));
    tell("bytes", static_cast<double>(reply.bytes));
  }
  said_unauthorized_ = false;
  if (failures_before > 0) {
    log::info(stage, "recovered", {{"output", output_}, {"failures", fmt::to_string(failures_before)}});
  }
}

void Journal::tell(std::string_view what, double value) {
  if (!self_) return;
  const std::string_view kind = kind_ == Kind::logs ? "logs" : "metrics";
  self_(fmt::format("chouette.dispatched.{}.{}", kind, what), RawType::count, value);
}

void Journal::failed(const Reply& reply, Duration wait) {
  numbers().backoff.set(seconds(wait.count()));
  if (reply.verdict != Verdict::unauthorized) {
    log::warn(stage, "send_failed",
              {{"output", output_}, {"error", reply.detail}, {"retry_in_s", in_seconds(wait)}});
  } else if (!std::exchange(said_unauthorized_, true)) {
    log::error(stage, "unauthorized",
               {{"output", output_}, {"error", reply.detail}, {"retry_in_s", in_seconds(wait)}});
  }
}

void Journal::dropped(std::string_view reason, std::uint64_t records) {
  stats_
      .counter("scops_dispatch_dropped_records_total", "Records that an output will never get.",
               fmt::format("{},reason=\"{}\"", label_, reason))
      .add(static_cast<double>(records));
  log::warn(stage, "dropped",
            {{"output", output_}, {"reason", std::string(reason)}, {"records", fmt::to_string(records)}});
}

void Journal::store_failed(const Error& error, Duration wait) {
  numbers().backoff.set(seconds(wait.count()));
  log::warn(stage, "buffer_failed",
            {{"output", output_}, {"error", error.text}, {"retry_in_s", in_seconds(wait)}});
}

void Journal::ack_failed(const Error& error) {
  log::warn(stage, "ack_failed", {{"output", output_}, {"error", error.text}});
}

}  // namespace scops
