// A kubelet as far as its summary goes: HTTPS by Python's ssl on a free loopback port, which asks for a
// client certificate without insisting, as the real one does. Who shows one signed by its authority, or a
// known bearer token, gets the summary; who shows neither 401; the token "forbidden" 403.
//
//   FakeKubelet kubelet(R"({"node":{...}})");
//   ... ask https://127.0.0.1:kubelet.port() ...
#pragma once

#include <sys/types.h>

#include <string>

#include "tests/support/certificates.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {

class FakeKubelet {
 public:
  explicit FakeKubelet(const std::string& summary, Certificate certificate = Certificate::good);
  ~FakeKubelet();
  FakeKubelet(const FakeKubelet&) = delete;
  FakeKubelet& operator=(const FakeKubelet&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] const Certificates& certificates() const { return certificates_; }
  // From now on this token is the one it knows.
  void accept_token(const std::string& token) const;

 private:
  Certificates certificates_;
  TempDir folder_;
  pid_t pid_ = -1;
  int port_ = 0;
};

}  // namespace scops::test
