#include "collectors/pull/k8s/kubelet.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/io/files.hpp"
#include "core/model/size.hpp"
#include "core/model/text.hpp"
#include "core/runtime/log.hpp"
#include "core/runtime/memory.hpp"

namespace scops::k8s {
namespace {

constexpr std::size_t token_max = 64 << 10;
constexpr std::size_t reason_max = 200;

bool readable(const std::string& path) { return ::access(path.c_str(), R_OK) == 0; }

// Or its share of the memory cap: while it grows an answer takes one and a half times its size.
std::size_t body_max(const K8sSettings& settings) {
  return std::min(size_from(settings.body_max.count), memory::share(12, 1U << 20U, SIZE_MAX));
}

std::string service_file(const K8sSettings& settings, std::string_view name) {
  return fmt::format("{}/{}", settings.service_account, name);
}

// The service account's authorities sign the kubelets' certificates in many clusters; the system's never do.
HttpTls tls_of(const K8sSettings& settings) {
  HttpTls tls{.ca_file = settings.ca_file,
              .cert_file = settings.cert_file,
              .key_file = settings.key_file,
              .verify = settings.tls_verify};
  const std::string service_ca = service_file(settings, "ca.crt");
  if (tls.ca_file.empty() && readable(service_ca)) tls.ca_file = service_ca;
  return tls;
}

// "fd00::1" needs brackets in a URL.
std::string address_of(std::string_view host, std::int64_t port) {
  const bool bare_ipv6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
  return bare_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

// What a header may hold: nothing that ends it.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

Kubelet::Kubelet(const K8sSettings& settings, std::string user_agent)
    : settings_(settings),
      tls_(tls_of(settings)),
      client_(tls_, std::move(user_agent)),
      address_(address_of(trim(settings.host), settings.port)),
      token_file_(settings.token_file) {
  if (settings.tls && !settings.tls_verify) {
    log::warn("collect", "tls_unverified",
              {{"option", "k8s.tls_verify"}, {"risk", "anybody may answer in the kubelet's place"}});
  }
  if (token_file_.empty() && settings.cert_file.empty()) token_file_ = service_file(settings, "token");
}

Status Kubelet::check_settings() const {
  const auto refused = [](std::string text) { return Error{ErrorKind::refused, std::move(text)}; };
  const std::string_view host = trim(settings_.host);
  if (host.empty()) {
    return refused(
        "no kubelet to ask: set K8S_STATS_SERVICE_IP to the node's address (in a DaemonSet "
        "status.hostIP)");
  }
  if (host.find_first_of("/@ ?#") != std::string_view::npos)
    return refused("K8S_STATS_SERVICE_IP is an address or a name, not a URL");
  if (settings_.cert_file.empty() != settings_.key_file.empty()) {
    return refused(fmt::format("a client certificate needs its key: {} is not set",
                               settings_.key_file.empty() ? "K8S_KEY_PATH" : "K8S_CERT_PATH"));
  }
  return Ok{};
}

// Empty when there is none and none was asked for.
Result<std::string> Kubelet::read_token() const {
  if (token_file_.empty()) return std::string();
  Result<std::string> text = read_file(token_file_, token_max);
  if (!text && settings_.token_file.empty() && text.error().kind == ErrorKind::absent) return std::string();
  if (!text) return Error{ErrorKind::refused, "bearer token: " + text.error().text};
  std::string token(trim(*text));
  if (!is_token(token)) return Error{ErrorKind::refused, "bearer token: none in " + token_file_};
  log::mask_current(token_file_, token);
  return token;
}

Result<HttpRequest> Kubelet::make_request() {
  HttpRequest request;
  request.timeout = settings_.timeout;
  request.connect_timeout = settings_.timeout;
  request.body_max = body_max(settings_);
  request.direct = true;  // a node is no matter for a proxy
  const std::string slash = settings_.path.starts_with('/') ? "" : "/";
  identity_ = Identity::none;
  if (!settings_.tls) {
    request.url = "http://" + address_ + slash + settings_.path;
    return request;
  }
  Result<std::string> token = read_token();
  if (!token) return token.error();
  if (!settings_.cert_file.empty()) identity_ = Identity::certificate;
  if (!token->empty()) {
    request.headers.push_back("Authorization: Bearer " + *token);
    if (identity_ == Identity::none) identity_ = Identity::token;
  }
  if (settings_.server_name.empty()) {
    request.url = "https://" + address_ + slash + settings_.path;
  } else {
    request.url = "https://" + address_of(settings_.server_name, settings_.port) + slash + settings_.path;
    request.connect_to = address_;
  }
  return request;
}

Result<std::string> Kubelet::summary() {
  if (Status checked = check_settings(); !checked) return checked.error();
  const Result<HttpRequest> request = make_request();
  if (!request) return request.error();
  Result<HttpResponse> response = client_.perform(*request, {});
  if (!response) return unanswered(response.error());
  if (response->status != 200) return rejected(*response);
  if (!response->whole) {
    const bool full = response->body.size() >= body_max(settings_);
    return Error{ErrorKind::retry, fmt::format("{}: {}", address_,
                                               full ? "the summary is longer than SCOPS_K8S_BODY_MAX allows"
                                                    : "the summary broke off, or did not come within "
                                                      "SCOPS_K8S_TIMEOUT")};
  }
  return std::move(response->body);
}

Error Kubelet::unanswered(const Error& error) const {
  const std::string what_to_do = advice(error.text);
  return {error.kind,
          fmt::format("{}: {}{}{}", address_, error.text, what_to_do.empty() ? "" : ": ", what_to_do)};
}

// What the HTTP client says, and what to do about it.
std::string Kubelet::advice(std::string_view trouble) const {
  if (trouble == "connect: refused")
    return "no kubelet listens there; see K8S_STATS_SERVICE_IP and K8S_STATS_SERVICE_PORT";
  if (trouble.starts_with("connect:") || trouble.starts_with("DNS:") || trouble == "timeout while connecting")
    return "see K8S_STATS_SERVICE_IP and K8S_STATS_SERVICE_PORT";
  if (trouble == "timeout: no answer") return "see SCOPS_K8S_TIMEOUT";
  const bool cut_off = trouble == "connection reset" || trouble == "connection closed without an answer";
  if (cut_off && settings_.tls && settings_.cert_file.empty())
    return "perhaps it wants a client certificate: set K8S_CERT_PATH and K8S_KEY_PATH";
  if (cut_off && settings_.tls) return "perhaps it does not accept the certificate of K8S_CERT_PATH";
  return trouble.starts_with("TLS:") ? tls_advice(trouble) : std::string();
}

std::string Kubelet::tls_advice(std::string_view trouble) const {
  if (trouble == "TLS: unknown certificate authority") {
    return fmt::format(
        "set SCOPS_K8S_CA_FILE to the authority that signed the kubelet's certificate{}, or "
        "SCOPS_K8S_TLS_VERIFY=false to trust anybody",
        tls_.ca_file.empty() ? "" : fmt::format(" (it is not in {})", tls_.ca_file));
  }
  if (trouble == "TLS: the certificate is for another host name")
    return "set SCOPS_K8S_SERVER_NAME to the name in it, often the node's name";
  if (trouble.starts_with("TLS: the certificate has expired")) return "the kubelet's has to be renewed";
  if (trouble == "TLS: handshake failed") {
    return fmt::format(
        "perhaps it {}, or this is no HTTPS port (the read-only one, 10255, needs SCOPS_K8S_TLS=false)",
        settings_.cert_file.empty() ? "wants a client certificate: set K8S_CERT_PATH and K8S_KEY_PATH"
                                    : "does not accept the certificate of K8S_CERT_PATH");
  }
  if (trouble == "TLS: the file of authorities is unusable")
    return fmt::format("see SCOPS_K8S_CA_FILE ({})", tls_.ca_file);
  if (trouble != "TLS: our certificate or key is unusable") return {};
  for (const std::string& path : {settings_.cert_file, settings_.key_file}) {
    if (!readable(path)) return fmt::format("{} is not there or not for us to read", path);
  }
  return "see K8S_CERT_PATH and K8S_KEY_PATH: are they PEM, not encrypted, and do they belong together?";
}

Error Kubelet::rejected(const HttpResponse& response) const {
  const int status = response.status;
  std::string why;
  if (status == 401) {
    if (identity_ == Identity::certificate)
      why =
          "the kubelet does not accept the certificate of K8S_CERT_PATH: its client authority must have "
          "signed it";
    else if (identity_ == Identity::token)
      why = fmt::format("the kubelet does not accept the token in {}", token_file_);
    else
      why = "the kubelet wants to know who asks: set K8S_CERT_PATH and K8S_KEY_PATH, or SCOPS_K8S_TOKEN_FILE";
  } else if (status == 403) {
    why = "we may not read it: grant get on nodes/stats to our user or service account";
  } else if (status == 404) {
    why = "no such page; see SCOPS_K8S_PATH";
  } else if (status == 400 && !settings_.tls) {
    why = "perhaps this is the HTTPS port: SCOPS_K8S_TLS=true";
  } else if (status >= 500) {
    why = printable(trim(response.body), reason_max);
  }
  return {ErrorKind::retry, fmt::format("{}: HTTP {}{}{}", address_, status, why.empty() ? "" : ": ", why)};
}

}  // namespace scops::k8s
