// One kubelet, asked over HTTPS with a client certificate or a bearer token; what stands in the way is said
// in one line that names the option to set.
#pragma once

#include <string>
#include <string_view>

#include "collectors/pull/k8s/settings.hpp"
#include "core/io/http_client.hpp"
#include "core/model/result.hpp"

namespace scops::k8s {

// Used by one thread at a time.
class Kubelet {
 public:
  // `settings` must outlive this. Warns when the kubelet's certificate is not to be verified.
  Kubelet(const K8sSettings& settings, std::string user_agent);

  // The body of the summary. ErrorKind::refused when settings lack something or a certificate file cannot be
  // used; retry for all else, also 401 and 403. No text holds a token.
  Result<std::string> summary();

 private:
  // How we say who we are.
  enum class Identity { none, certificate, token };

  [[nodiscard]] Status check_settings() const;
  [[nodiscard]] Result<std::string> read_token() const;
  [[nodiscard]] Result<HttpRequest> make_request();
  [[nodiscard]] Error unanswered(const Error& error) const;
  [[nodiscard]] Error rejected(const HttpResponse& response) const;
  [[nodiscard]] std::string advice(std::string_view trouble) const;
  [[nodiscard]] std::string tls_advice(std::string_view trouble) const;

  const K8sSettings& settings_;
  HttpTls tls_;
  HttpClient client_;
  std::string address_;  // "10.0.0.1:10250", "[fd00::1]:10250"
  Identity identity_ = Identity::none;
  std::string token_file_;
};

}  // namespace scops::k8s
