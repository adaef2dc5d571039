// A real redis-server with TLS, and certificates of all kinds.
#include <catch2/catch.hpp>
#include <chrono>
#include <string>

#include "core/io/redis.hpp"
#include "core/io/redis_link.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_peer.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tls_server.hpp"

using scops::RedisClient;
using scops::RedisTarget;
using scops::test::Certificate;
using scops::test::FakeClock;
using scops::test::FakePeer;
using scops::test::redis_run;
using scops::test::RedisServer;
using scops::test::TlsServer;

namespace {

class TlsRedis {
 public:
  // TlsServer makes the certificates.
  explicit TlsRedis(Certificate certificate, bool ask_client = false)
      : certificates_(certificate, ask_client),
        port_(scops::test::free_port()),
        redis_({.arguments = {"--tls-port", std::to_string(port_), "--tls-cert-file", folder() + "server.pem",
                              "--tls-key-file", folder() + "server.key", "--tls-ca-cert-file",
                              folder() + "ca.pem", "--tls-auth-clients", ask_client ? "yes" : "no"}}) {}

  [[nodiscard]] RedisTarget target() const {
    RedisTarget target = redis_.target();
    target.port = port_;
    target.tls = true;
    target.tls_ca = certificates_.ca_file();
    return target;
  }
  [[nodiscard]] const TlsServer& certificates() const { return certificates_; }
  [[nodiscard]] RedisServer& redis() { return redis_; }

 private:
  [[nodiscard]] std::string folder() const {
    const std::string ca = certificates_.ca_file();
    return ca.substr(0, ca.rfind('/') + 1);
  }

  TlsServer certificates_;
  std::uint16_t port_;
  RedisServer redis_;
};

std::string trouble(const RedisTarget& target) {
  const FakeClock clock;
  RedisClient client(target, clock);
  const auto answer = client.command({"PING"});
  if (answer) return "no error";
  return answer.error().text.substr(("redis " + client.where() + ": ").size());
}

}  // namespace

TEST_CASE("TLS: commands of any size go through a checked connection", "[redis]") {
  const TlsRedis server(Certificate::good);
  const FakeClock clock;
  RedisClient client(server.target(), clock);
  const std::string large(2'000'000, 'x');
  CHECK(redis_run(client, {"SET", "large", large}) == "OK");
  CHECK(redis_run(client, {"GET", "large"}) == large);
  CHECK(client.connection() == 1);
}

TEST_CASE("TLS: each fault of a certificate has words of its own", "[redis]") {
  CHECK(trouble(TlsRedis(Certificate::expired).target()) ==
        "TLS: the certificate has expired (is the clock right?)");
  CHECK(trouble(TlsRedis(Certificate::not_yet_valid).target()) ==
        "TLS: the certificate is not valid yet (is the clock right?)");
  const TlsRedis other(Certificate::other_name);
  CHECK(trouble(other.target()) == "TLS: the certificate is for another host name");
  RedisTarget unchecked = other.target();
  unchecked.tls_verify = false;
  CHECK(trouble(unchecked) == "no error");
}

TEST_CASE("TLS: a certificate for an address is none for a name", "[redis]") {
  const TlsRedis server(Certificate::good);
  RedisTarget target = server.target();
  target.host = "localhost";
  CHECK(trouble(target) == "TLS: the certificate is for another host name");
}

TEST_CASE("TLS: an authority that is not ours is not trusted", "[redis]") {
  const TlsRedis server(Certificate::good);
  const TlsServer others(Certificate::good);
  RedisTarget target = server.target();
  target.tls_ca = others.ca_file();
  CHECK(trouble(target) == "TLS: unknown certificate authority");
  target.tls_ca.clear();
  CHECK(trouble(target) == "TLS: unknown certificate authority");
  target.tls_ca = "/nonexistent/ca.pem";
  CHECK(trouble(target) == "TLS: the file of authorities (tls_ca) is unusable");
}

TEST_CASE("TLS: an authority that is only in the system's bundle is trusted, not only those of its folder",
          "[redis]") {
  const TlsRedis server(Certificate::good);
  const scops::test::TempDir folder;
  const scops::RedisAddress address{server.target().host, server.target().port, {}};
  scops::RedisTls tls;
  tls.system = {.file = server.target().tls_ca, .folder = folder / ""};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  CHECK(scops::RedisLink::connect(address, &tls, deadline));
  CHECK(tls.whole_bundle);  // the next connection asks the folder and the bundle at once
  const TlsServer others(Certificate::good);
  tls = {};
  tls.system = {.file = others.ca_file(), .folder = folder / ""};
  const auto refused = scops::RedisLink::connect(address, &tls, deadline);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text == "TLS: unknown certificate authority");
}

TEST_CASE("TLS: a server may ask for a certificate of ours", "[redis]") {
  const TlsRedis server(Certificate::good, true);
  RedisTarget target = server.target();
  CHECK(trouble(target) == "TLS: the server wants a certificate of ours (tls_cert, tls_key)");
  target.tls_cert = server.certificates().client_cert();
  target.tls_key = server.certificates().client_key();
  CHECK(trouble(target) == "no error");
  target.tls_key = "/nonexistent/client.key";
  CHECK(trouble(target) == "TLS: our certificate or key (tls_cert, tls_key) is unusable");
}

TEST_CASE("TLS: a server that speaks none, and a server that speaks nothing else", "[redis]") {
  const TlsRedis server(Certificate::good);
  RedisTarget target = server.target();
  target.tls = false;
  CHECK(trouble(target) != "no error");
  FakePeer plain([](std::string_view, int) { return "-ERR unknown command\r\n"; });
  target = server.target();
  target.port = plain.port();
  CHECK(trouble(target) == "TLS: the server does not speak TLS");
  FakePeer silent([](std::string_view, int) { return ""; });
  target.port = silent.port();
  target.connect_timeout = std::chrono::milliseconds(50);
  CHECK(trouble(target) == "timeout in the TLS handshake");
}

TEST_CASE("TLS: a server that is killed raises no signal, and is found again", "[redis]") {
  TlsRedis server(Certificate::good);
  FakeClock clock;
  RedisClient client(server.target(), clock);
  redis_run(client, {"PING"});
  server.redis().kill();
  CHECK_FALSE(client.command({"SET", "large", std::string(5'000'000, 'x')}));
  CHECK_FALSE(client.outcome_unknown());
  server.redis().start();
  clock.advance(5000);
  CHECK(redis_run(client, {"PING"}) == "PONG");
}
