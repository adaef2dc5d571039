#include "core/io/http_client.hpp"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <new>
#include <optional>
#include <utility>

#include "core/io/authorities.hpp"
#include "core/io/http_socket.hpp"
#include "core/io/http_words.hpp"
#include "core/model/text.hpp"

namespace scops {
namespace {

constexpr std::size_t head_max = 65'536;

// curl_easy_setopt takes anything without a word; these take what the option wants.
class Options {
 public:
  explicit Options(CURL* easy) : easy_(easy) {}
  void number(CURLoption option, long value) { note(curl_easy_setopt(easy_, option, value)); }
  // At least one millisecond: curl takes 0 for no limit.
  void time(CURLoption option, std::chrono::milliseconds value) {
    using Longs = std::chrono::duration<long, std::milli>;
    number(option, std::max(1L, std::chrono::duration_cast<Longs>(value).count()));
  }
  void size(CURLoption option, curl_off_t value) { note(curl_easy_setopt(easy_, option, value)); }
  void text(CURLoption option, const char* value) { note(curl_easy_setopt(easy_, option, value)); }
  void text_if(CURLoption option, const std::string& value) {
    if (!value.empty()) text(option, value.c_str());
  }
  void pointer(CURLoption option, const void* value) { note(curl_easy_setopt(easy_, option, value)); }
  void list(CURLoption option, curl_slist* value) { note(curl_easy_setopt(easy_, option, value)); }
  template <typename Function>
  void callback(CURLoption option, Function value) {
    note(curl_easy_setopt(easy_, option, value));
  }
  [[nodiscard]] CURLcode first_error() const { return first_error_; }

 private:
  void note(CURLcode code) {
    if (first_error_ == CURLE_OK) first_error_ = code;
  }
  CURL* easy_;
  CURLcode first_error_ = CURLE_OK;
};

struct Free {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, Free>;

HeaderList header_list(const std::vector<std::string>& headers) {
  HeaderList list;
  const auto append = [&list](const char* header) {
    // Null only without memory: the list as it was is then still ours.
    if (curl_slist* longer = curl_slist_append(list.get(), header)) {
      (void)list.release();
      list.reset(longer);
    }
  };
  append("Expect:");  // else a large POST waits a second for a "100 Continue" that few servers send
  for (const std::string& header : headers) append(header.c_str());
  return list;
}

long number_of(CURL* easy, CURLINFO what) {
  long number = 0;
  curl_easy_getinfo(easy, what, &number);
  return number;
}

// What the callbacks gather of one answer.
struct Answer {
  CURL* easy = nullptr;
  std::size_t body_max = 0;
  std::size_t head_bytes = 0;
  bool head_complete = false;  // of the final answer, not of an interim one
  std::string body;
};

// Returning another number than `bytes` makes curl give up.
std::size_t on_header(char* data, std::size_t /*always 1*/, std::size_t bytes, void* user) noexcept {
  auto& answer = *static_cast<Answer*>(user);
  answer.head_bytes += bytes;
  if (answer.head_bytes > head_max) return 0;
  if (trim({data, bytes}).empty()) {
    answer.head_complete = number_of(answer.easy, CURLINFO_RESPONSE_CODE) >= 200;
  }
  return bytes;
}

std::size_t on_body(char* data, std::size_t /*always 1*/, std::size_t bytes, void* user) noexcept {
  auto& answer = *static_cast<Answer*>(user);
  const std::size_t room = answer.body_max - answer.body.size();
  try {
    answer.body.append(data, std::min(room, bytes));
  } catch (const std::bad_alloc&) {  // nothing may be thrown through curl's frames
    return 0;
  }
  return bytes <= room ? bytes : 0;
}

// Close-on-exec from birth: the agent's children inherit no connection.
curl_socket_t open_socket(void* /*user*/, curlsocktype /*purpose*/, curl_sockaddr* address) noexcept {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool curl_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

std::string header_of(CURL* easy, const char* name) {
  curl_header* header = nullptr;
  const CURLHcode found = curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header);
  return found == CURLHE_OK ? std::string(header->value) : std::string();
}

// What all requests of a client have in common.
struct Manner {
  const HttpTls& tls;
  const std::string& user_agent;
  bool whole_bundle;
  Unsent* unsent;
};

void set_defaults(Options& set, const Manner& manner) {
  const HttpTls& tls = manner.tls;
  set.number(CURLOPT_NOSIGNAL, 1);
  set.text(CURLOPT_PROTOCOLS_STR, "http,https");
  set.number(CURLOPT_FOLLOWLOCATION, 0);
  set.number(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  set.number(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
  set.number(CURLOPT_DNS_CACHE_TIMEOUT, 0);
  set.number(CURLOPT_QUICK_EXIT, 1);  // a hanging name server must not hold up a stop
  set.number(CURLOPT_TCP_KEEPALIVE, 1);
  set.number(CURLOPT_BUFFERSIZE, 16'384L);
  set.number(CURLOPT_UPLOAD_BUFFERSIZE, 16'384L);
  set.callback(CURLOPT_OPENSOCKETFUNCTION, open_socket);
  set.callback(CURLOPT_CLOSESOCKETFUNCTION, close_looking_back);
  set.pointer(CURLOPT_CLOSESOCKETDATA, manner.unsent);
  set.text_if(CURLOPT_USERAGENT, manner.user_agent);
  set.number(CURLOPT_SSL_VERIFYPEER, tls.verify ? 1 : 0);
  set.number(CURLOPT_SSL_VERIFYHOST, tls.verify ? 2 : 0);
  set.number(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  if (!tls.ca_file.empty()) {
    set.text(CURLOPT_CAINFO, tls.ca_file.c_str());
    set.text(CURLOPT_CAPATH, nullptr);        // these authorities and no others
    set.number(CURLOPT_CA_CACHE_TIMEOUT, 0);  // the file may be replaced: curl would keep the old one a day
  } else if (const Authorities system = system_authorities(); !system.empty()) {
    const bool only_folder = !manner.whole_bundle && !system.folder.empty();
    set.text(CURLOPT_CAINFO, only_folder || system.file.empty() ? nullptr : system.file.c_str());
    set.text(CURLOPT_CAPATH, system.folder.empty() ? nullptr : system.folder.c_str());
  }
  set.text_if(CURLOPT_SSLCERT, tls.cert_file);
  set.text_if(CURLOPT_SSLKEY, tls.key_file);
  set.text(CURLOPT_KEYPASSWD, "");  // an encrypted key is an error, not a question on the terminal
}

void set_request(Options& set, const HttpRequest& request, curl_slist* headers, curl_slist* route,
                 Answer& answer) {
  set.text(CURLOPT_URL, request.url.c_str());
  set.list(CURLOPT_HTTPHEADER, headers);
  set.list(CURLOPT_CONNECT_TO, route);
  set.time(CURLOPT_TIMEOUT_MS, request.timeout);
  set.time(CURLOPT_CONNECTTIMEOUT_MS, request.connect_timeout);
  set.text_if(CURLOPT_UNIX_SOCKET_PATH, request.unix_socket);
  if (request.direct) set.text(CURLOPT_PROXY, "");
  if (request.method == HttpMethod::post) {
    set.number(CURLOPT_POST, 1);
    set.size(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set.pointer(CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
  }
  set.callback(CURLOPT_HEADERFUNCTION, on_header);
  set.pointer(CURLOPT_HEADERDATA, &answer);
  set.callback(CURLOPT_WRITEFUNCTION, on_body);
  set.pointer(CURLOPT_WRITEDATA, &answer);
}

Error error_of(CURL* easy, CURLcode code) {
  const long proxy_status = number_of(easy, CURLINFO_HTTP_CONNECTCODE);
  if (proxy_status >= 300) return {ErrorKind::retry, "proxy: HTTP " + std::to_string(proxy_status)};
  curl_off_t begun = 0;
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &begun);
  const bool connected = begun > 0;  // and the request was on its way
  if (code == CURLE_COULDNT_CONNECT)
    return {ErrorKind::retry, connect_words(number_of(easy, CURLINFO_OS_ERRNO))};
  if (code == CURLE_OPERATION_TIMEDOUT)
    return {ErrorKind::retry, connected ? "timeout: no answer" : "timeout while connecting"};
  if (code == CURLE_PEER_FAILED_VERIFICATION)
    return {ErrorKind::retry, tls_words(number_of(easy, CURLINFO_SSL_VERIFYRESULT))};
  if (code == CURLE_UNSUPPORTED_PROTOCOL && !connected)
    return {ErrorKind::refused, "the URL is neither http nor https"};
  return transfer_error(code);
}

Result<HttpResponse> response_of(Answer& answer, bool whole) {
  HttpResponse response;
  const long status = number_of(answer.easy, CURLINFO_RESPONSE_CODE);
  const char* type = nullptr;
  if (status > 999) return Error{ErrorKind::retry, "the answer is not HTTP"};  // curl minds no length
  curl_easy_getinfo(answer.easy, CURLINFO_CONTENT_TYPE, &type);
  response.status = static_cast<int>(status);
  if (type != nullptr) response.content_type = type;
  response.retry_after =
      parse_retry_after(header_of(answer.easy, "Retry-After"), header_of(answer.easy, "Date"));
  response.body = std::move(answer.body);
  response.whole = whole;
  return response;
}

// A request under way. A new handle for each: curl 7.88 keeps a stale pointer in one that is used again,
// which a folded header makes it follow (curl issue 11101). The connection is the multi handle's and stays.
class Transfer {
 public:
  Transfer(CURLM* multi, const HttpRequest& request, const Manner& manner, std::size_t index)
      : multi_(multi), easy_(curl_easy_init()), headers_(header_list(request.headers)), index_(index) {
    if (!easy_) return;
    answer_.easy = easy_.get();
    answer_.body_max = request.body_max;
    Options set(easy_.get());
    set_defaults(set, manner);
    if (!request.connect_to.empty())
      route_.reset(curl_slist_append(nullptr, ("::" + request.connect_to).c_str()));
    set_request(set, request, headers_.get(), route_.get(), answer_);
    refused_ = set.first_error();
    if (refused_ == CURLE_OK) added_ = curl_multi_add_handle(multi_, easy_.get()) == CURLM_OK;
  }
  ~Transfer() {
    if (added_) curl_multi_remove_handle(multi_, easy_.get());
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  [[nodiscard]] CURL* easy() const { return easy_.get(); }
  [[nodiscard]] std::size_t index() const { return index_; }
  [[nodiscard]] bool under_way() const { return added_; }
  [[nodiscard]] bool met_unknown_authority(std::optional<CURLcode> end) const {
    return end == CURLE_PEER_FAILED_VERIFICATION &&
           is_unknown_authority(number_of(easy_.get(), CURLINFO_SSL_VERIFYRESULT));
  }

  // What became of it; once. No `end`: it was stopped.
  Result<HttpResponse> take(std::optional<CURLcode> end) {
    if (refused_ != CURLE_OK)
      return Error{ErrorKind::bug, "curl refuses an option, code " + std::to_string(refused_)};
    if (!added_) return Error{ErrorKind::retry, "curl cannot start"};
    if (answer_.head_complete) return response_of(answer_, end == CURLE_OK);  // whatever became of the body
    if (!end) return Error{ErrorKind::retry, "stopped"};
    return error_of(easy_.get(), *end);
  }

 private:
  CURLM* multi_;
  std::unique_ptr<CURL, Free> easy_;
  HeaderList headers_;
  HeaderList route_;
  Answer answer_;
  std::size_t index_;
  CURLcode refused_ = CURLE_OK;
  bool added_ = false;
};

// Tells each transfer in `multi` as it ends; `ended` may add others. Returns when none is left, or at a stop.
void run_transfers(CURLM* multi, const std::stop_token& stop,
                   const std::function<void(CURL* easy, CURLcode end)>& ended) {
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
    : tls_(std::move(tls)), user_agent_(std::move(user_agent)), unsent_(std::make_unique<Unsent>()) {}

bool HttpClient::open(std::size_t connections) {
  if (!multi_ && curl_ready()) multi_.reset(curl_multi_init());  // a client that is never used costs nothing
  if (!multi_) return false;
  connections_ = std::max(connections_, connections);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(connections_));
  return true;
}

// An authority may be in the bundle and not in the folder: somebody put a bundle of his own in its place.
// Then the bundle it is from here on.
Result<HttpResponse> HttpClient::perform(const HttpRequest& request, const std::stop_token& stop) {
  bool unknown_authority = false;
  Result<HttpResponse> response = attempt(request, stop, unknown_authority);
  if (!unknown_authority || whole_bundle_ || !tls_.ca_file.empty()) return response;
  if (system_authorities().empty())
    return Error{ErrorKind::retry, "TLS: unknown certificate authority: this machine knows none at all"};
  whole_bundle_ = true;
  return attempt(request, stop, unknown_authority);
}

Result<HttpResponse> HttpClient::attempt(const HttpRequest& request, const std::stop_token& stop,
                                         bool& unknown_authority) {
  if (!open(1)) return Error{ErrorKind::retry, "curl cannot start"};
  *unsent_ = {};
  Transfer transfer(multi_.get(), request, {tls_, user_agent_, whole_bundle_, unsent_.get()}, 0);
  std::optional<CURLcode> end;
  if (transfer.under_way()) {
    run_transfers(multi_.get(), stop, [&end](CURL* /*easy*/, CURLcode code) { end = code; });
    unknown_authority = transfer.met_unknown_authority(end);
    slow_ = end == CURLE_OPERATION_TIMEDOUT && unsent_->unconfirmed > unsent_bytes_min;
    cut_short_ = slow_ && unsent_->never_left > 0;
  }
  return transfer.take(end);
}

void HttpClient::perform_all(std::span<const HttpRequest> requests, const HttpBatch& batch,
                             const std::stop_token& stop, const HttpDone& done) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point deadline = Clock::now() + batch.deadline;
  std::size_t parallel = std::max<std::size_t>(1, batch.parallel);
  const Manner manner{tls_, user_agent_, whole_bundle_, unsent_.get()};
  std::vector<std::unique_ptr<Transfer>> under_way;
  std::vector<std::size_t> waiting;  // the last one is next
  for (std::size_t i = requests.size(); i > 0;) waiting.push_back(--i);
  const auto start_more = [&] {
    while (!waiting.empty() && under_way.size() < parallel && Clock::now() < deadline) {
      const std::size_t index = waiting.back();
      waiting.pop_back();
      HttpRequest request = requests[index];
      request.timeout = std::min(
          request.timeout, std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()));
      auto begun = std::make_unique<Transfer>(multi_.get(), request, manner, index);
      begun->under_way() ? under_way.push_back(std::move(begun)) : done(index, begun->take({}));
    }
  };
  const auto finish = [&](CURL* easy, CURLcode end) {
    const auto found = std::find_if(under_way.begin(), under_way.end(),
                                    [easy](const auto& transfer) { return transfer->easy() == easy; });
    const std::unique_ptr<Transfer> ended = std::move(*found);
    under_way.erase(found);
    if (end == CURLE_COULDNT_CONNECT && !under_way.empty() && !requests[ended->index()].unix_socket.empty()) {
      parallel = under_way.size();  // its queue is full
      waiting.push_back(ended->index());
    } else {
      done(ended->index(), ended->take(end));
    }
    start_more();
  };
  if (open(parallel)) start_more();
  if (!under_way.empty()) run_transfers(multi_.get(), stop, finish);
  for (const auto& transfer : under_way) done(transfer->index(), transfer->take({}));
  const std::string why = stop.stop_requested() ? "stopped" : "timeout: no answer";
  for (const std::size_t index : waiting) done(index, Error{ErrorKind::retry, why});
}

std::chrono::milliseconds parse_retry_after(const std::string& value, const std::string& date) {
  std::optional<std::int64_t> seconds = to_int(trim(value));
  if (!seconds) {
    const std::int64_t then = curl_getdate(value.c_str(), nullptr);
    const std::int64_t now = curl_getdate(date.c_str(), nullptr);
    if (then == -1 || now == -1) return std::chrono::milliseconds(0);
    seconds = then - now;
  }
  return std::chrono::seconds(std::clamp(*seconds, std::int64_t{0}, std::int64_t{86'400}));
}

}  // namespace scops
