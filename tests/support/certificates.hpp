// An authority and what it signs, made by the program openssl in a folder of their own. For tests of how the
// two ends of a connection check each other.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/support/temp_dir.hpp"

namespace scops::test {

// Starts `openssl arguments...` with standard output on `out`; errors go to the null device.
pid_t start_openssl(const std::vector<std::string>& arguments, int out);

enum class Certificate { good, expired, not_yet_valid, other_name };

class Certificates {
 public:
  // The server's is for 127.0.0.1, but one of other_name for elsewhere.example.
  explicit Certificates(Certificate server = Certificate::good);

  [[nodiscard]] std::string ca_file() const { return folder_ / "ca.pem"; }
  [[nodiscard]] std::string server_cert() const { return folder_ / "server.pem"; }
  [[nodiscard]] std::string server_key() const { return folder_ / "server.key"; }
  [[nodiscard]] std::string client_cert() const { return folder_ / "client.pem"; }
  [[nodiscard]] std::string client_key() const { return folder_ / "client.key"; }

  // client_cert() and client_key(): made when a test wants them.
  void make_client() const;

 private:
  void make_authority() const;
  void make_certificate(const std::string& name, const std::string& extensions, const std::string& from,
                        const std::string& to) const;

  TempDir folder_;
};

}  // namespace scops::test
