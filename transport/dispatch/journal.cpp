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

Journal::Journal(std::string output, Stats& stats)
    : output_(std::move(output)),
      label_(fmt::format("output=\"{}\"", output_)),
      stats_(stats),
      points_(stats.counter("scops_dispatch_points_total", "Points that an output has accepted.", label_)),
      bytes_(
          stats.counter("scops_dispatch_bytes_total", "Body bytes of accepted requests, as sent.", label_)),
      retries_(stats.counter("scops_dispatch_retries_total", "Requests made after a failure.", label_)),
      last_success_(stats.gauge("scops_dispatch_last_success_timestamp_seconds",
                                "When a request was last accepted, Unix time.", label_)),
      backoff_(stats.gauge("scops_dispatch_backoff_seconds",
                           "The wait that the last failure has caused; 0 after a success.", label_)) {}

void Journal::requested(const Reply& reply, bool again) {
  stats_
      .counter("scops_dispatch_requests_total", "Requests by HTTP status, or error when there was no answer.",
               fmt::format("{},code=\"{}\"", label_, code_label(reply.code)))
      .add();
  if (again) retries_.add();
}

void Journal::accepted(const Reply& reply, std::size_t points, TimeMs wall, std::uint32_t failures_before) {
  points_.add(static_cast<double>(points));
  bytes_.add(static_cast<double>(reply.bytes));
  last_success_.set(seconds(wall));
  backoff_.set(0);
  said_unauthorized_ = false;
  if (failures_before > 0) {
    log::info(stage, "recovered", {{"output", output_}, {"failures", fmt::to_string(failures_before)}});
  }
}

void Journal::failed(const Reply& reply, Duration wait) {
  backoff_.set(seconds(wait.count()));
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
  backoff_.set(seconds(wait.count()));
  log::warn(stage, "buffer_failed",
            {{"output", output_}, {"error", error.text}, {"retry_in_s", in_seconds(wait)}});
}

void Journal::ack_failed(const Error& error) {
  log::warn(stage, "ack_failed", {{"output", output_}, {"error", error.text}});
}

}  // namespace scops
