// The Datadog output: POST {url}/v1/series for metrics and {logs_url}/v1/input for logs, JSON, deflated; or,
// by option, {url}/intake/metrics/v3/series for metrics. Any intake that speaks these interfaces will do.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/config/option.hpp"
#include "core/config/spec.hpp"
#include "core/io/http_client.hpp"
#include "core/model/output.hpp"
#include "transport/outputs/datadog/encode_logs.hpp"

namespace scops {

struct DatadogSettings {
  Secret api_key;
  std::string url = "https://api.datadoghq.com/api";
  std::string logs_url = "https://http-intake.logs.datadoghq.com";
  std::string series = "v1";     // v1 | v3
  std::string key_in = "query";  // query | header
  std::int64_t bulk_size = 10'000;
  std::int64_t logs_bulk_size = 500;
  Bytes bytes_max{3'000'000};
  std::string ca;
  std::string client_cert;
  std::string client_key;
  bool verify = true;
};

class Datadog final : public Output {
 public:
  // `settings` have passed check().
  Datadog(const DatadogSettings& settings, const OutputContext& context);

  [[nodiscard]] OutputLimits limits(Kind kind) const override;
  Reply send(const Payload& payload, std::chrono::milliseconds timeout, std::stop_token stop) override;

 private:
  // Where one kind goes, with a connection of its own: the hosts differ.
  struct Intake {
    HttpRequest request;  // all but the body stays the same
    HttpClient client;
  };
  // Fills plain_ with the body, and cuts_. A Reply when there is nothing to send, or nothing that may be
  // sent.
  [[nodiscard]] std::optional<Reply> encode(const Payload& payload);
  void compress(Kind kind);
  [[nodiscard]] Reply post(Intake& intake, std::chrono::milliseconds timeout, const std::stop_token& stop);
  [[nodiscard]] Reply reply_to(const HttpResponse& response) const;
  [[nodiscard]] std::string without_key(std::string text) const;

  const std::string key_;
  const std::string escaped_key_;
  const bool columns_;  // of series: v3
  const std::uint32_t bulk_size_;
  const std::uint32_t logs_bulk_size_;
  const std::uint64_t bytes_max_;
  const LogExtras extras_;
  Intake metrics_;
  Intake logs_;
  // Reused from request to request.
  std::string plain_;              // the body before compression
  std::vector<std::size_t> cuts_;  // in it: where a large column begins
  std::string body_;
};

// Rows of room "datadog" over fresh settings.
[[nodiscard]] Section datadog_section();

// Can these settings be used? ErrorKind::refused names the option, never the value.
[[nodiscard]] Status check(const DatadogSettings& settings);

// What an answer means; `detail` is left to the caller.
[[nodiscard]] Verdict verdict_of(const HttpResponse& response);

extern const OutputSpec datadog_output;

}  // namespace scops
