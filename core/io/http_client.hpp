// HTTP requests over libcurl: one client, its connection kept alive between requests. http and https only,
// no redirects, TLS always verified unless the target's own option says otherwise; the proxy variables
// (http_proxy, https_proxy, all_proxy, no_proxy and, but for HTTP_PROXY, their upper-case forms) are obeyed;
// names are resolved anew for each connection. What a peer sends is bounded in size and time. Several
// requests at once (perform_all) share the caller's thread, and each has a connection of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/http_socket.hpp"
#include "core/model/result.hpp"

namespace scops {

enum class HttpMethod { get, post };

// What a target may ask for beyond the defaults. Paths are read at each new connection.
struct HttpTls {
  std::string ca_file = {};    // PEM, instead of the system's authorities
  std::string cert_file = {};  // PEM, our own certificate, where the target wants one
  std::string key_file = {};
  bool verify = true;  // false: anybody may answer; the caller's option warns
};

struct HttpRequest {
  HttpMethod method = HttpMethod::get;
  std::string url = {};                              // may hold secrets: never shown
  std::vector<std::string> headers = {};             // "Name: value", no line ends
  std::string_view body = {};                        // sent with POST; lives until perform() returns
  std::chrono::milliseconds timeout{10'000};         // for all of it
  std::chrono::milliseconds connect_timeout{5'000};  // name, connection and TLS
  std::size_t body_max = 65'536;                     // kept of the answer's body; the rest is cut off
  std::string connect_to = {};                       // "address:port" to go to instead of the URL's
  bool direct = false;                               // not through a proxy, whatever the variables say
  std::string unix_socket = {};                      // path; spoken to instead of the URL's host
};

struct HttpResponse {
  int status = 0;  // 200 to 999: interim answers are skipped
  std::string content_type;
  std::chrono::milliseconds retry_after{0};  // of Retry-After, 0 when absent
  std::string body;
  bool whole = true;  // false: the body was cut, by body_max, the timeout or the peer; the status still holds
};

// Bounds of several requests together.
struct HttpBatch {
  std::size_t parallel = 8;                    // under way at a time, and connections kept afterwards
  std::chrono::milliseconds deadline{20'000};  // for all of them, beside each one's own timeout
};
// Told once for each request, by its place in the list, in the order in which they end.
using HttpDone = std::function<void(std::size_t index, Result<HttpResponse> response)>;

// Used by one thread at a time. About 50 kB while a connection is open.
class HttpClient {
 public:
  HttpClient(HttpTls tls, std::string user_agent);

  // Any status is a response. ErrorKind::retry when none came: "connect: refused", "name not found",
  // "timeout while connecting", "TLS: unknown certificate authority", "connection reset", "the answer is not
  // HTTP"... ErrorKind::refused when the URL or a certificate file cannot be used. No error text holds the
  // URL.
  [[nodiscard]] Result<HttpResponse> perform(const HttpRequest& request, const std::stop_token& stop);
  // After perform() has failed: the time was over while the request was still on its way, and the peer cannot
  // have read all of it (cut_short), or may have (slow).
  [[nodiscard]] bool cut_short() const { return cut_short_; }
  [[nodiscard]] bool slow() const { return slow_; }

  // All of `requests`, with the same answers and errors; `requests` outlive the call, and the bodies of
  // answers live only as long as `done` keeps them.
  void perform_all(std::span<const HttpRequest> requests, const HttpBatch& batch, const std::stop_token& stop,
                   const HttpDone& done);

 private:
  struct FreeMulti {
    void operator()(void* multi) const;
  };
  bool open(std::size_t connections);
  Result<HttpResponse> attempt(const HttpRequest& request, const std::stop_token& stop,
                               bool& unknown_authority);

  HttpTls tls_;
  std::string user_agent_;
  std::unique_ptr<Unsent> unsent_;          // of a connection that was closed; outlives them
  std::unique_ptr<void, FreeMulti> multi_;  // curl's; owns the connection
  std::size_t connections_ = 0;             // that may stay open
  bool whole_bundle_ = false;               // the system's authorities: the file of all, not only the folder
  bool cut_short_ = false, slow_ = false;
};

// The wait that a Retry-After header asks for: seconds, or a date, which is compared with the answer's own
// Date header because a board's clock may be wrong. 0 when it says nothing usable; at most a day.
[[nodiscard]] std::chrono::milliseconds parse_retry_after(const std::string& value, const std::string& date);

}  // namespace scops
