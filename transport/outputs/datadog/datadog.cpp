#include "transport/outputs/datadog/datadog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/io/compress.hpp"
#include "core/io/http_words.hpp"
#include "core/io/zstd.hpp"
#include "core/model/text.hpp"
#include "core/runtime/log.hpp"
#include "transport/outputs/datadog/encode.hpp"
#include "transport/outputs/datadog/encode_columns.hpp"

namespace scops {
namespace {

constexpr Option rows[] = {
    option<&DatadogSettings::api_key>({.name = "api_key",
                                       .fallback = "",
                                       .help = "API key; required when this output is used.",
                                       .aliases = "API_KEY"}),
    option<&DatadogSettings::url>({.name = "url",
                                   .fallback = "https://api.datadoghq.com/api",
                                   .help = "Base of /v1/series, and of /intake/metrics/v3/series.",
                                   .aliases = "DATADOG_URL"}),
    option<&DatadogSettings::series>({.name = "series",
                                      .fallback = "v1",
                                      .help = "How metrics are sent: v1, the interface that Datadog "
                                              "documents, or v3, the one of its own agent, "
                                              "which takes a third to a half of the bytes less.",
                                      .choices = "v1|v3"}),
    option<&DatadogSettings::logs_url>({.name = "logs_url",
                                        .fallback = "https://http-intake.logs.datadoghq.com",
                                        .help = "Base of /v1/input, where logs go.",
                                        .aliases = "DATADOG_LOGS_URL"}),
    option<&DatadogSettings::key_in>(
        {.name = "key_in",
         .fallback = "query",
         .help =
             "Where the API key travels: in the query of the URL, or in the header DD-API-KEY, which proxies "
             "do not log.",
         .choices = "query|header"}),
    option<&DatadogSettings::bulk_size>({.name = "bulk_size",
                                         .fallback = "10000",
                                         .help = "Most points in one request; 0 sets no limit.",
                                         .aliases = "METRICS_BULK_SIZE",
                                         .min = "0",
                                         .max = "1000000"}),
    option<&DatadogSettings::logs_bulk_size>({.name = "logs_bulk_size",
                                              .fallback = "500",
                                              .help = "Most log records in one request.",
                                              .min = "1",
                                              .max = "1000"}),
    option<&DatadogSettings::bytes_max>({.name = "bytes_max",
                                         .fallback = "3MB",
                                         .help = "Most bytes of one compressed request body.",
                                         .min = "1KB",
                                         .max = "100MB"}),
    option<&DatadogSettings::ca>(
        {.name = "ca", .fallback = "", .help = "PEM file of authorities to trust instead of the system's."}),
    option<&DatadogSettings::client_cert>(
        {.name = "client_cert", .fallback = "", .help = "PEM file of our own certificate, for mutual TLS."}),
    option<&DatadogSettings::client_key>(
        {.name = "client_key", .fallback = "", .help = "PEM file of the key of client_cert."}),
    option<&DatadogSettings::verify>(
        {.name = "verify",
         .fallback = "true",
         .help = "Check the server's certificate; false lets anybody read the API key."}),
};

// The intake of logs takes no larger body, before compression. (It cuts a record of more than 1 MB itself.)
constexpr std::size_t logs_body_max = 5'000'000;
// The intake of columns takes no more points at once, no larger body, and none that is larger before
// compression.
constexpr std::uint32_t points_max = 10'000;
constexpr std::uint64_t columns_max = 512'000;
constexpr std::size_t plain_columns_max = 5'242'880;
// Answers are a few words; more is only read to see what kind of page it is.
constexpr std::size_t answer_max = 4096;
// The body of a usual release is small, and many links are paid by the byte; those of a backlog are large,
// and the processor has other work (docs/decisions/088). Columns are a quarter of the size to begin with: a
// backlog's 10,000 points are usual (093).
constexpr std::size_t usual_json = 65'536;
constexpr std::size_t usual_columns = 131'072;
// What a backlog made of the buffers is given back; a usual request stays far below.
constexpr std::size_t keep_capacity = 262'144;

bool has_blank_or_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; });
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string url_of(std::string_view base, std::string_view path) {
  while (base.ends_with('/')) base.remove_suffix(1);
  return std::string(base).append(path);
}

bool is_base_url(const std::string& url) {
  const std::string scheme = to_lower(url.substr(0, url.find(':')));
  return (scheme == "http" || scheme == "https") && !has_blank_or_control(url) &&
         url.find_first_of("?#") == std::string::npos;
}

enum class Body : std::uint8_t { json, columns };

Body body_of_series(const DatadogSettings& settings) {
  return settings.series == "v3" ? Body::columns : Body::json;
}

// The interface of columns knows the key as a header only.
HttpRequest request_to(std::string url, const DatadogSettings& settings, Body body) {
  HttpRequest request;
  request.method = HttpMethod::post;
  request.url = std::move(url);
  request.headers =
      body == Body::json
          ? std::vector<std::string>{"Content-Type: application/json", "Content-Encoding: deflate"}
          : std::vector<std::string>{"Content-Type: application/x-protobuf", "Content-Encoding: zstd"};
  if (settings.key_in == "header" || body == Body::columns) {
    request.headers.push_back("DD-API-KEY: " + settings.api_key.text);
  } else {
    request.url += "?api_key=" + percent_encoded(settings.api_key.text);
  }
  request.body_max = answer_max;
  return request;
}

HttpRequest request_of_series(const DatadogSettings& settings) {
  const Body body = body_of_series(settings);
  const std::string_view path = body == Body::columns ? "/intake/metrics/v3/series" : "/v1/series";
  return request_to(url_of(settings.url, path), settings, body);
}

// Of metrics; 0: any number.
std::uint32_t bulk_size_of(const DatadogSettings& settings) {
  const auto wanted = static_cast<std::uint32_t>(settings.bulk_size);
  if (body_of_series(settings) == Body::json) return wanted;
  return wanted == 0 ? points_max : std::min(wanted, points_max);
}

HttpTls tls_of(const DatadogSettings& settings) {
  return {.ca_file = settings.ca,
          .cert_file = settings.client_cert,
          .key_file = settings.client_key,
          .verify = settings.verify};
}

std::string joined(const std::vector<std::string>& tags) { return fmt::format("{}", fmt::join(tags, ",")); }

// What a captive portal shows instead of the intake. A relay may call a plain "ok" text/html.
bool is_page(const HttpResponse& response) {
  std::string_view body = response.body;
  if (body.starts_with("\xef\xbb\xbf")) body.remove_prefix(3);
  if (trim(body).starts_with('<')) return true;
  if (!to_lower(response.content_type).starts_with("text/html")) return false;
  constexpr std::string_view gzip = "\x1f\x8b";
  return !response.whole || body.starts_with(gzip) || body.find('<') != std::string_view::npos;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

void shrink(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > keep_capacity) buffer.shrink_to_fit();
}

}  // namespace

Section datadog_section() {
  return section<DatadogSettings>("datadog", "Sends metrics and logs to Datadog, or what speaks its API.",
                                  rows);
}

Status check(const DatadogSettings& settings) {
  const auto refused = [](std::string text) { return Error{ErrorKind::refused, std::move(text)}; };
  if (settings.api_key.text.empty())
    return refused("API_KEY (datadog.api_key) is required by the output datadog");
  if (has_blank_or_control(settings.api_key.text)) return refused("API_KEY (datadog.api_key) holds blanks");
  constexpr std::string_view form = "must be https://HOST/PATH or http://HOST/PATH, without a query";
  if (!is_base_url(settings.url)) return refused(fmt::format("DATADOG_URL (datadog.url) {}", form));
  if (!is_base_url(settings.logs_url))
    return refused(fmt::format("DATADOG_LOGS_URL (datadog.logs_url) {}", form));
  if (settings.client_cert.empty() != settings.client_key.empty()) {
    return refused("datadog.client_cert and datadog.client_key go together");
  }
  return Ok{};
}

Datadog::Datadog(const DatadogSettings& settings, const OutputContext& context)
    : key_(settings.api_key.text),
      escaped_key_(percent_encoded(key_)),
      columns_(body_of_series(settings) == Body::columns),
      bulk_size_(bulk_size_of(settings)),
      logs_bulk_size_(static_cast<std::uint32_t>(settings.logs_bulk_size)),
      bytes_max_(settings.bytes_max.count),
      extras_{.host = context.host, .tags = joined(context.tags)},
      metrics_{request_of_series(settings), HttpClient(tls_of(settings), context.user_agent)},
      logs_{request_to(url_of(settings.logs_url, "/v1/input"), settings, Body::json),
            HttpClient(tls_of(settings), context.user_agent)} {}

OutputLimits Datadog::limits(Kind kind) const {
  return {.records = kind == Kind::logs ? logs_bulk_size_ : bulk_size_, .immediate = false};
}

Reply Datadog::send(const Payload& payload, std::chrono::milliseconds timeout, std::stop_token stop) {
  const std::optional<Reply> ended = encode(payload);
  if (!ended) compress(payload.kind);
  shrink(plain_);
  if (ended) return *ended;
  Reply reply;
  const bool in_columns = columns_ && payload.kind != Kind::logs;
  const std::uint64_t most = in_columns ? std::min(bytes_max_, columns_max) : bytes_max_;
  if (body_.size() > most) {
    reply.verdict = Verdict::too_large;
    reply.detail = fmt::format("body of {} bytes, of which {} may be sent{}", body_.size(), most,
                               most == bytes_max_ ? " (datadog.bytes_max)" : "");
  } else {
    reply = post(payload.kind == Kind::logs ? logs_ : metrics_, timeout, stop);
  }
  shrink(body_);
  return reply;
}

std::optional<Reply> Datadog::encode(const Payload& payload) {
  plain_.clear();
  cuts_.clear();
  const Reply nothing{.verdict = Verdict::accepted, .detail = "nothing to send"};
  if (payload.size() == 0) return nothing;
  if (payload.kind != Kind::logs) {
    const std::size_t points = columns_ ? encode_columns(payload.metrics, extras_.host, plain_, cuts_)
                                        : encode_series(payload.metrics, extras_.host, plain_);
    if (points == 0) return nothing;
    if (columns_ && plain_.size() > plain_columns_max)
      return Reply{.verdict = Verdict::too_large,
                   .detail = fmt::format("{} bytes of columns, of which {} may be sent", plain_.size(),
                                         plain_columns_max)};
    return std::nullopt;
  }
  switch (encode_logs(payload.logs, extras_, logs_body_max, plain_)) {
    case LogEncoding::done:
      break;
    case LogEncoding::too_large:
      return Reply{.verdict = Verdict::too_large,
                   .detail = fmt::format("body of more than {} bytes of logs", logs_body_max)};
    case LogEncoding::no_object:  // like an intake would: the search for it begins
      return Reply{.verdict = Verdict::refused, .detail = "a log record is no JSON object"};
  }
  return std::nullopt;
}

void Datadog::compress(Kind kind) {
  if (kind == Kind::logs) {
    deflate(plain_, body_);
  } else if (columns_) {
    compress_zstd(plain_, cuts_, body_, plain_.size() <= usual_columns ? 15 : 3);
  } else {
    deflate(plain_, body_, {.level = plain_.size() <= usual_json ? 8 : 5, .numbers = true});
  }
}

Reply Datadog::post(Intake& intake, std::chrono::milliseconds timeout, const std::stop_token& stop) {
  intake.request.body = body_;
  intake.request.timeout = timeout;
  const Result<HttpResponse> response = intake.client.perform(intake.request, stop);
  intake.request.body = {};
  Reply reply;
  if (response) {
    reply = reply_to(*response);
  } else {
    reply.detail = response.error().text;
    reply.cut_short = intake.client.cut_short();
    reply.slow = intake.client.slow();
    if (reply.slow) reply.detail += ", the body was not sent in time";
    reply.left = !never_left(reply.detail);
  }
  reply.bytes = body_.size();
  return reply;
}

Reply Datadog::reply_to(const HttpResponse& response) const {
  Reply reply;
  reply.code = response.status;
  reply.verdict = verdict_of(response);
  reply.retry_after = response.retry_after;
  reply.detail = fmt::format("HTTP {}", response.status);
  if (is_page(response)) {
    reply.detail += ", an HTML page instead of an answer (captive portal?)";
  } else if (reply.verdict != Verdict::accepted && !response.body.empty()) {
    reply.detail += ": " + printable(without_key(response.body));
  }
  return reply;
}

// A proxy's error page may quote the request.
std::string Datadog::without_key(std::string text) const {
  replace_all(text, key_, "***");
  replace_all(text, escaped_key_, "***");
  return text;
}

Verdict verdict_of(const HttpResponse& response) {
  if (response.status >= 200 && response.status <= 299) {
    return is_page(response) ? Verdict::retry : Verdict::accepted;
  }
  switch (response.status) {
    case 400:
    case 422:
      return Verdict::refused;
    case 401:
    case 403:
      return Verdict::unauthorized;
    case 413:
      return Verdict::too_large;
    case 429:
    case 503:
      return Verdict::throttled;
    default:
      return Verdict::retry;
  }
}

namespace {

Result<std::unique_ptr<Output>> make(const void* opaque, const OutputContext& context) {
  const auto& settings = *static_cast<const DatadogSettings*>(opaque);
  if (const Status usable = check(settings); !usable) return usable.error();
  log::mask(percent_encoded(settings.api_key.text));  // the key itself is masked since it was loaded
  if (!settings.verify) {
    log::warn(
        "dispatch", "tls_unverified",
        {{"output", "datadog"}, {"option", "datadog.verify"}, {"risk", "anybody may read the API key"}});
  }
  return std::unique_ptr<Output>(std::make_unique<Datadog>(settings, context));
}

}  // namespace

constinit const OutputSpec datadog_output = {
    .name = "datadog",
    .help = "Sends to the Datadog intakes of metrics and logs, or what speaks their API.",
    .section = datadog_section,
    .make = make,
};

}  // namespace scops
