// `openssl s_server` on a free loopback port, with an authority and certificates made for the occasion. It
// answers each GET with a page. For tests of how a client checks whom it speaks to.
#pragma once

#include <sys/types.h>

#include <string>

#include "tests/support/certificates.hpp"

namespace scops::test {

class TlsServer {
 public:
  // With `ask_client`, only a client that shows client_cert() may speak to it.
  explicit TlsServer(Certificate certificate, bool ask_client = false);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  [[nodiscard]] std::string url() const { return "https://127.0.0.1:" + port_; }
  [[nodiscard]] std::string ca_file() const { return certificates_.ca_file(); }
  [[nodiscard]] std::string client_cert() const { return certificates_.client_cert(); }
  [[nodiscard]] std::string client_key() const { return certificates_.client_key(); }

 private:
  void start(bool ask_client);

  Certificates certificates_;
  pid_t pid_ = -1;
  std::string port_;
};

}  // namespace scops::test
