// The Datadog output: POST {url}/v1/series, JSON, deflated. Any intake that speaks this interface will do.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/config/option.hpp"
#include "core/config/spec.hpp"
#include "core/io/http_client.hpp"
#include "core/model/output.hpp"

namespace scops {

struct DatadogSettings {
  Secret api_key;
  std::string url = "https://api.datadoghq.com/api";
  std::string key_in = "query";  // query | header
  std::int64_t bulk_size = 10'000;
  Bytes bytes_max{3'000'000};
  std::string ca;
  std::string client_cert;
  std::string client_key;
  bool verify = true;
};

class Datadog final : public Output {
 public:
  // `settings` have passed check().
  Datadog(const DatadogSettings& settings, OutputContext context);

  [[nodiscard]] OutputLimits limits() const override;
  Reply send(const SampleSet& batch, std::chrono::milliseconds timeout, std::stop_token stop) override;

 private:
  [[nodiscard]] Reply reply_to(const HttpResponse& response) const;
  [[nodiscard]] std::string without_key(std::string text) const;

  const std::string key_;
  const std::string escaped_key_;
  const std::uint32_t bulk_size_;
  const std::uint64_t bytes_max_;
  const OutputContext context_;
  HttpRequest request_;  // all but the body stays the same
  HttpClient client_;
  std::string json_;  // both reused from request to request
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
