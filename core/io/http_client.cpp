#include "core/io/http_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "core/io/http_transfer.hpp"
#include "core/model/text.hpp"

namespace scops {
namespace {

bool curl_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

using Ended = std::function<void(CURL* easy, CURLcode end)>;

// Tells each transfer in `multi` as it ends; `ended` may add others. Returns when none is left, or at a stop.
void run_transfers(CURLM* multi, const std::stop_token& stop, const Ended& ended) {
  // curl_multi_wakeup is the one call that another thread may make.
  const std::stop_callback wake(stop, [multi]() noexcept { curl_multi_wakeup(multi); });
  int running = 1;
  while (running > 0 && !stop.stop_requested()) {
    if (curl_multi_perform(multi, &running) != CURLM_OK) return;
    bool any_ended = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      any_ended = true;
      ended(message->easy_handle, message->data.result);  // `message` is gone after this
    }
    if (any_ended) {
      running = 1;  // perhaps others took their places
    } else if (running > 0 && curl_multi_poll(multi, nullptr, 0, 60'000, nullptr) != CURLM_OK) {
      return;  // its own timers bound this wait; the minute is only a limit that it wants
    }
  }
}

}  // namespace

void HttpClient::FreeMulti::operator()(void* multi) const { curl_multi_cleanup(multi); }

HttpClient::HttpClient(HttpTls tls, std::string user_agent)
    : tls_(std::move(tls)), user_agent_(std::move(user_agent)) {}

bool HttpClient::open(std::size_t connections) {
  if (!multi_ && curl_ready()) multi_.reset(curl_multi_init());  // a client that is never used costs nothing
  if (!multi_) return false;
  if (connections > connections_) {
    connections_ = connections;
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(connections));
  }
  return true;
}

// An authority may be in the bundle and not in the folder: somebody put a bundle of his own in its place.
// Then the bundle it is from here on.
Result<HttpResponse> HttpClient::perform(const HttpRequest& request, const std::stop_token& stop) {
  bool unknown_authority = false;
  Result<HttpResponse> response = attempt(request, stop, unknown_authority);
  if (!unknown_authority || whole_bundle_ || !tls_.ca_file.empty()) return response;
  whole_bundle_ = true;
  return attempt(request, stop, unknown_authority);
}

Result<HttpResponse> HttpClient::attempt(const HttpRequest& request, const std::stop_token& stop,
                                         bool& unknown_authority) {
  if (!open(1)) return Error{ErrorKind::retry, "curl cannot start"};
  HttpTransfer transfer(multi_.get(), request, tls_, user_agent_, whole_bundle_, 0);
  std::optional<CURLcode> end;
  if (transfer.under_way()) {
    run_transfers(multi_.get(), stop, [&end](CURL* /*easy*/, CURLcode code) { end = code; });
    unknown_authority = transfer.met_unknown_authority(end);
  }
  return transfer.take(end);
}

void HttpClient::perform_all(std::span<const HttpRequest> requests, const HttpBatch& batch,
                             const std::stop_token& stop, const HttpDone& done) {
  using Clock = std::chrono::steady_clock;
  const std::size_t parallel = std::max<std::size_t>(1, batch.parallel);
  const Clock::time_point deadline = Clock::now() + batch.deadline;
  std::vector<std::unique_ptr<HttpTransfer>> under_way;
  std::size_t next = 0;
  HttpRequest request;
  const auto start_more = [&] {
    while (next < requests.size() && under_way.size() < parallel) {
      request = requests[next];  // with a millisecond at the deadline and after: a timeout like any other
      request.timeout = std::min(
          request.timeout, std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()));
      auto begun =
          std::make_unique<HttpTransfer>(multi_.get(), request, tls_, user_agent_, whole_bundle_, next++);
      begun->under_way() ? under_way.push_back(std::move(begun)) : done(begun->index(), begun->take({}));
    }
  };
  const auto finish = [&](CURL* easy, CURLcode end) {
    const auto found = std::find_if(under_way.begin(), under_way.end(),
                                    [easy](const auto& transfer) { return transfer->easy() == easy; });
    if (found == under_way.end()) return;
    const std::unique_ptr<HttpTransfer> ended = std::move(*found);
    under_way.erase(found);
    done(ended->index(), ended->take(end));
    start_more();
  };
  if (open(parallel)) start_more();
  if (!under_way.empty()) run_transfers(multi_.get(), stop, finish);
  for (const auto& transfer : under_way) done(transfer->index(), transfer->take({}));
  for (; next < requests.size(); ++next) done(next, Error{ErrorKind::retry, "stopped"});
}

std::chrono::milliseconds parse_retry_after(const std::string& value, const std::string& date) {
  constexpr std::int64_t day = 86'400;
  std::optional<std::int64_t> seconds = to_int(trim(value));
  if (!seconds) {
    const std::int64_t then = curl_getdate(value.c_str(), nullptr);
    const std::int64_t now = curl_getdate(date.c_str(), nullptr);
    if (then == -1 || now == -1) return std::chrono::milliseconds(0);
    seconds = then - now;
  }
  return std::chrono::seconds(std::clamp(*seconds, std::int64_t{0}, day));
}

}  // namespace scops
