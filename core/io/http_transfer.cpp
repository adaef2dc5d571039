#include "core/io/http_transfer.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "core/io/http_words.hpp"
#include "core/model/text.hpp"

namespace scops {
namespace {

using Answer = HttpTransfer::Answer;
using List = HttpTransfer::List;

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

List header_list(const std::vector<std::string>& headers) {
  List list;
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
List route_of(const HttpRequest& request) {
  if (request.connect_to.empty()) return {};
  return List(curl_slist_append(nullptr, ("::" + request.connect_to).c_str()));
}

long number_of(CURL* easy, CURLINFO what) {
  long number = 0;
  curl_easy_getinfo(easy, what, &number);
  return number;
}

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

std::string header_of(CURL* easy, const char* name) {
  curl_header* header = nullptr;
  const CURLHcode found = curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header);
  return found == CURLHE_OK ? std::string(header->value) : std::string();
}

bool has_hashed_authorities() {
  static const bool has = find_hashed_authorities(curl_version_info(CURLVERSION_NOW)->capath);
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
  set.text_if(CURLOPT_UNIX_SOCKET_PATH, request.unix_socket);
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

// What is known besides the code: did the connection, and the request on it, come about?
bool was_connected(CURL* easy) {
  curl_off_t begun = 0;
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &begun);
  return begun > 0;
}

Error error_of(CURL* easy, CURLcode code) {
  const long proxy_status = number_of(easy, CURLINFO_HTTP_CONNECTCODE);
  if (proxy_status >= 300) return {ErrorKind::retry, "proxy: HTTP " + std::to_string(proxy_status)};
  const bool connected = was_connected(easy);
  switch (static_cast<int>(code)) {  // as int: not all of a hundred codes need a line
    case CURLE_COULDNT_RESOLVE_HOST:
      return {ErrorKind::retry, "DNS: name not found"};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {ErrorKind::retry, "DNS: name of the proxy not found"};
    case CURLE_COULDNT_CONNECT:
      return {ErrorKind::retry, connect_words(number_of(easy, CURLINFO_OS_ERRNO))};
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorKind::retry, connected ? "timeout: no answer" : "timeout while connecting"};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {ErrorKind::retry, tls_words(number_of(easy, CURLINFO_SSL_VERIFYRESULT))};
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

}  // namespace

HttpTransfer::HttpTransfer(CURLM* multi, const HttpRequest& request, const HttpTls& tls,
                           const std::string& user_agent, bool whole_bundle, std::size_t index)
    : multi_(multi),
      easy_(curl_easy_init()),
      headers_(header_list(request.headers)),
      route_(route_of(request)),
      index_(index) {
  if (!easy_) return;
  answer_.easy = easy_.get();
  answer_.body_max = request.body_max;
  Options set(easy_.get());
  set_defaults(set, tls, user_agent, whole_bundle);
  set_request(set, request, headers_.get(), route_.get(), answer_);
  refused_ = set.first_error();
  if (refused_ == CURLE_OK) added_ = curl_multi_add_handle(multi_, easy_.get()) == CURLM_OK;
}

HttpTransfer::~HttpTransfer() {
  if (added_) curl_multi_remove_handle(multi_, easy_.get());
}

bool HttpTransfer::met_unknown_authority(std::optional<CURLcode> end) const {
  return end == CURLE_PEER_FAILED_VERIFICATION &&
         is_unknown_authority(number_of(easy_.get(), CURLINFO_SSL_VERIFYRESULT));
}

Result<HttpResponse> HttpTransfer::take(std::optional<CURLcode> end) {
  if (refused_ != CURLE_OK)
    return Error{ErrorKind::bug, "curl refuses an option, code " + std::to_string(refused_)};
  if (!added_) return Error{ErrorKind::retry, "curl cannot start"};
  if (answer_.head_complete) return response_of(answer_, end == CURLE_OK);  // whatever became of the body
  if (!end) return Error{ErrorKind::retry, "stopped"};
  return error_of(easy_.get(), *end);
}

}  // namespace scops
