#include "core/io/http_client.hpp"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

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
  void on_data(CURLoption option, curl_write_callback value) { note(curl_easy_setopt(easy_, option, value)); }
  void on_socket(curl_opensocket_callback value) {
    note(curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, value));
  }
  [[nodiscard]] CURLcode first_error() const { return first_error_; }

 private:
  void note(CURLcode code) {
    if (first_error_ == CURLE_OK) first_error_ = code;
  }
  CURL* easy_;
  CURLcode first_error_ = CURLE_OK;
};

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

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

// Where to connect, whatever the URL says; nothing when there is no such wish.
HeaderList route_of(const HttpRequest& request) {
  if (request.connect_to.empty()) return {};
  return HeaderList(curl_slist_append(nullptr, ("::" + request.connect_to).c_str()));
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
    long status = 0;
    curl_easy_getinfo(answer.easy, CURLINFO_RESPONSE_CODE, &status);
    answer.head_complete = status >= 200;
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

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

// Does the system's folder of authorities have them by the hash of their names? Then one is read when it is
// needed, instead of keeping all of them, most of a megabyte, as long as a connection lives.
bool find_hashed_authorities() {
  const char* const folder = curl_version_info(CURLVERSION_NOW)->capath;
  if (folder == nullptr) return false;
  std::error_code error;
  for (std::filesystem::directory_iterator file(folder, error), end; !error && file != end;
       file.increment(error)) {
    if (file->path().extension() == ".0") return true;
  }
  return false;
}

bool has_hashed_authorities() {
  static const bool has = find_hashed_authorities();
  return has;
}

void set_defaults(Options& set, const HttpTls& tls, const std::string& user_agent, bool whole_bundle) {
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
  set.on_socket(open_socket);
  set.text_if(CURLOPT_USERAGENT, user_agent);
  set.number(CURLOPT_SSL_VERIFYPEER, tls.verify ? 1 : 0);
  set.number(CURLOPT_SSL_VERIFYHOST, tls.verify ? 2 : 0);
  set.number(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  if (!tls.ca_file.empty()) {
    set.text(CURLOPT_CAINFO, tls.ca_file.c_str());
    set.text(CURLOPT_CAPATH, nullptr);  // these authorities and no others
  } else if (!whole_bundle && has_hashed_authorities()) {
    set.text(CURLOPT_CAINFO, nullptr);
  }
  set.text_if(CURLOPT_SSLCERT, tls.cert_file);
  set.text_if(CURLOPT_SSLKEY, tls.key_file);
}

void set_request(Options& set, const HttpRequest& request, curl_slist* headers, curl_slist* route,
                 Answer& answer) {
  set.text(CURLOPT_URL, request.url.c_str());
  set.list(CURLOPT_HTTPHEADER, headers);
  set.list(CURLOPT_CONNECT_TO, route);
  set.time(CURLOPT_TIMEOUT_MS, request.timeout);
  set.time(CURLOPT_CONNECTTIMEOUT_MS, request.connect_timeout);
  if (request.direct) set.text(CURLOPT_PROXY, "");
  if (request.method == HttpMethod::post) {
    set.number(CURLOPT_POST, 1);
    set.size(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set.pointer(CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
  }
  set.on_data(CURLOPT_HEADERFUNCTION, on_header);
  set.pointer(CURLOPT_HEADERDATA, &answer);
  set.on_data(CURLOPT_WRITEFUNCTION, on_body);
  set.pointer(CURLOPT_WRITEDATA, &answer);
}

// Runs the transfer to its end; nothing when stopped.
std::optional<CURLcode> transfer(CURLM* multi, CURL* easy, const std::stop_token& stop) {
  // curl_multi_wakeup is the one call that another thread may make.
  const std::stop_callback wake(stop, [multi]() noexcept { curl_multi_wakeup(multi); });
  curl_multi_add_handle(multi, easy);
  std::optional<CURLcode> end;
  CURLMcode state = CURLM_OK;
  int running = 1;
  while (running > 0 && state == CURLM_OK && !stop.stop_requested()) {
    state = curl_multi_perform(multi, &running);
    // Its own timers bound this wait; the minute is only a limit that it wants.
    if (running > 0 && state == CURLM_OK) state = curl_multi_poll(multi, nullptr, 0, 60'000, nullptr);
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) end = message->data.result;
  }
  if (state != CURLM_OK) end = CURLE_FAILED_INIT;
  curl_multi_remove_handle(multi, easy);
  return end;
}

// X509_V_ERR_ numbers of OpenSSL, which are part of its interface.
long verify_result(CURL* easy) {
  long why = 0;
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &why);
  return why;
}

bool is_unknown_authority(long why) { return why >= 18 && why <= 21; }

// Own words: curl's may name hosts and paths, and cannot be told apart by a user of ours.
std::string tls_words(CURL* easy) {
  const long why = verify_result(easy);
  if (is_unknown_authority(why)) return "TLS: unknown certificate authority";
  switch (why) {
    case 0:
    case 1:
      return "TLS: the certificate is for another host name";  // the chain is good, curl says no
    case 9:
      return "TLS: the certificate is not valid yet (is the clock right?)";
    case 10:
      return "TLS: the certificate has expired (is the clock right?)";
    default:
      return "TLS: the certificate is not acceptable, reason " + std::to_string(why);
  }
}

std::string connect_words(CURL* easy) {
  long number = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
  if (number == ECONNREFUSED) return "connect: refused";
  if (number == 0) return "connect: failed";
  return "connect: " + std::generic_category().message(static_cast<int>(number));
}

// What is known besides the code: did the connection, and the request on it, come about?
bool was_connected(CURL* easy) {
  curl_off_t begun = 0;
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &begun);
  return begun > 0;
}

Error error_of(CURL* easy, CURLcode code) {
  long proxy_status = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  if (proxy_status >= 300) return {ErrorKind::retry, "proxy: HTTP " + std::to_string(proxy_status)};
  const bool connected = was_connected(easy);
  switch (static_cast<int>(code)) {  // as int: not all of a hundred codes need a line
    case CURLE_COULDNT_RESOLVE_HOST:
      return {ErrorKind::retry, "DNS: name not found"};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {ErrorKind::retry, "DNS: name of the proxy not found"};
    case CURLE_COULDNT_CONNECT:
      return {ErrorKind::retry, connect_words(easy)};
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorKind::retry, connected ? "timeout: no answer" : "timeout while connecting"};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {ErrorKind::retry, tls_words(easy)};
    case CURLE_SSL_CONNECT_ERROR:
      return {ErrorKind::retry, "TLS: handshake failed"};
    case CURLE_SSL_CACERT_BADFILE:
      return {ErrorKind::refused, "TLS: the file of authorities is unusable"};
    case CURLE_SSL_CERTPROBLEM:
      return {ErrorKind::refused, "TLS: our certificate or key is unusable"};
    case CURLE_URL_MALFORMAT:
      return {ErrorKind::refused, "the URL is malformed"};
    case CURLE_UNSUPPORTED_PROTOCOL:  // also what curl calls an answer without a status line
      if (!connected) return {ErrorKind::refused, "the URL is neither http nor https"};
      return {ErrorKind::retry, "the answer is not HTTP"};
    case CURLE_WEIRD_SERVER_REPLY:
      return {ErrorKind::retry, "the answer is not HTTP"};
    case CURLE_OK:
      return {ErrorKind::retry, "the answer ends in its head"};
    case CURLE_GOT_NOTHING:
      return {ErrorKind::retry, "connection closed without an answer"};
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      return {ErrorKind::retry, "connection reset"};
    case CURLE_WRITE_ERROR:
      return {ErrorKind::retry, "the head of the answer is too long"};
    default:
      return {ErrorKind::retry, "transfer failed, curl code " + std::to_string(code)};
  }
}

Result<HttpResponse> response_of(Answer& answer, bool whole) {
  HttpResponse response;
  long status = 0;
  const char* type = nullptr;
  curl_easy_getinfo(answer.easy, CURLINFO_RESPONSE_CODE, &status);
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

}  // namespace

void HttpClient::FreeMulti::operator()(void* multi) const { curl_multi_cleanup(multi); }

HttpClient::HttpClient(HttpTls tls, std::string user_agent)
    : tls_(std::move(tls)), user_agent_(std::move(user_agent)) {}

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
  if (!multi_ && curl_ready()) {  // at the first request: a client that is never used costs nothing
    multi_.reset(curl_multi_init());
    if (multi_) curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, 1L);
  }
  // A new handle for each request: curl 7.88 keeps a stale pointer in one that is used again, which a folded
  // header makes it follow (curl issue 11101). The connection is the multi handle's and stays.
  const std::unique_ptr<CURL, FreeEasy> handle(multi_ ? curl_easy_init() : nullptr);
  if (!handle) return Error{ErrorKind::retry, "curl cannot start"};
  CURL* easy = handle.get();
  Answer answer;
  answer.easy = easy;
  answer.body_max = request.body_max;
  const HeaderList headers = header_list(request.headers);
  const HeaderList route = route_of(request);
  Options set(easy);
  set_defaults(set, tls_, user_agent_, whole_bundle_);
  set_request(set, request, headers.get(), route.get(), answer);
  if (set.first_error() != CURLE_OK) {
    return Error{ErrorKind::bug, "curl refuses an option, code " + std::to_string(set.first_error())};
  }
  const std::optional<CURLcode> end = transfer(multi_.get(), easy, stop);
  if (answer.head_complete) return response_of(answer, end == CURLE_OK);  // whatever became of the body
  if (!end) return Error{ErrorKind::retry, "stopped"};
  unknown_authority = end == CURLE_PEER_FAILED_VERIFICATION && is_unknown_authority(verify_result(easy));
  return error_of(easy, *end);
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
