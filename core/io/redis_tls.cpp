#include "core/io/redis_tls.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace scops {
namespace {

int size_for_openssl(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

int* descriptor(BIO* bio) { return static_cast<int*>(BIO_get_data(bio)); }

int bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto sent = send_some(*descriptor(bio), {data, static_cast<std::size_t>(size)});
  if (!sent) return -1;
  if (*sent == 0) {
    BIO_set_retry_write(bio);
    return -1;
  }
  return static_cast<int>(*sent);
}

int bio_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const auto came = receive_some(*descriptor(bio), {into, static_cast<std::size_t>(size)});
  if (!came) return 0;
  if (*came == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  return static_cast<int>(*came);
}

long bio_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

struct FreeMethod {
  void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
};

BIO_METHOD* bio_method() {
  static const std::unique_ptr<BIO_METHOD, FreeMethod> method = [] {
    std::unique_ptr<BIO_METHOD, FreeMethod> made(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signals"));
    if (made != nullptr) {
      BIO_meth_set_write(made.get(), bio_write);
      BIO_meth_set_read(made.get(), bio_read);
      BIO_meth_set_ctrl(made.get(), bio_control);
    }
    return made;
  }();
  return method.get();
}

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;
using Ssl = std::unique_ptr<SSL, FreeSsl>;

bool load_authorities(SSL_CTX* context, const RedisTls& settings) {
  if (!settings.ca.empty()) return SSL_CTX_load_verify_locations(context, settings.ca.c_str(), nullptr) == 1;
  const auto& [file, folder] = settings.system;
  if (settings.system.empty()) return SSL_CTX_set_default_verify_paths(context) == 1;
  const bool only_folder = !settings.whole_bundle && !folder.empty();
  return SSL_CTX_load_verify_locations(context, only_folder || file.empty() ? nullptr : file.c_str(),
                                       folder.empty() ? nullptr : folder.c_str()) == 1;
}

Result<Context> make_context(const RedisTls& settings) {
  Context context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return retry("TLS: no memory");
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_mode(
      raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  // A key with a passphrase is an error, not a question to the terminal.
  SSL_CTX_set_default_passwd_cb(raw, [](char*, int, int, void*) { return 0; });
  // A peer that closes without a goodbye is an end like any other: replies know their own length.
  SSL_CTX_set_options(raw, SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_verify(raw, settings.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (!load_authorities(raw, settings)) return retry("TLS: the file of authorities (tls_ca) is unusable");
  if (settings.cert.empty()) return context;
  const std::string& key = settings.key.empty() ? settings.cert : settings.key;
  if (SSL_CTX_use_certificate_chain_file(raw, settings.cert.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(raw, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return retry("TLS: our certificate or key (tls_cert, tls_key) is unusable");
  }
  return context;
}

bool is_ip_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return ::inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

bool set_peer(SSL* ssl, const std::string& host) {
  if (is_ip_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // SSL_set_tlsext_host_name() is this call in a macro with an old-style cast.
  const long named =
      SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, std::string(host).data());
  return named == 1 && SSL_set1_host(ssl, host.c_str()) == 1;
}

std::string verify_words(long why) {
  switch (why) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "TLS: the certificate is not valid yet (is the clock right?)";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "TLS: the certificate has expired (is the clock right?)";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return std::string(unknown_authority);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "TLS: the certificate is for another host name";
    default:
      return "TLS: the certificate is not acceptable, reason " + std::to_string(why);
  }
}

// What a failed call left behind. Alerts are what the peer says of us.
Error tls_error(SSL* ssl, bool handshake) {
  const unsigned long code = ERR_peek_last_error();
  const int reason = ERR_GET_REASON(code);
  const bool ours = ERR_GET_LIB(code) == ERR_LIB_SSL;
  ERR_clear_error();
  if (ours && reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
    return retry(verify_words(SSL_get_verify_result(ssl)));
  if (ours && reason == SSL_R_WRONG_VERSION_NUMBER) return retry("TLS: the server does not speak TLS");
  if (ours && reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED) {
    return retry("TLS: the server wants a certificate of ours (tls_cert, tls_key)");
  }
  if (ours && reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
    return retry("TLS: the server refuses us, alert " + std::to_string(reason - SSL_AD_REASON_OFFSET));
  }
  if (!handshake) return retry("connection closed by the server");
  return retry("TLS: handshake failed (does the server speak TLS?)");
}

}  // namespace

struct TlsSession::State {
  int fd = -1;
  Ssl ssl;
};

TlsSession::TlsSession(std::unique_ptr<State> state) : state_(std::move(state)) {}

// Without a goodbye: replies know their own length, and after an error there must be none.
TlsSession::~TlsSession() = default;

Result<std::unique_ptr<TlsSession>> TlsSession::connect(int fd, const std::string& host,
                                                        const RedisTls& settings, Deadline deadline) {
  ERR_clear_error();
  const Result<Context> context = make_context(settings);
  ERR_clear_error();
  if (!context) return context.error();
  auto state = std::make_unique<State>();
  state->fd = fd;
  state->ssl.reset(SSL_new((*context).get()));
  BIO* const bio = bio_method() == nullptr ? nullptr : BIO_new(bio_method());
  SSL* const ssl = state->ssl.get();
  if (ssl == nullptr || bio == nullptr) {
    BIO_free(bio);
    return retry("TLS: no memory");
  }
  BIO_set_data(bio, &state->fd);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);  // now the session's
  if (!set_peer(ssl, host)) return retry("TLS: the host name is unusable");
  for (;;) {
    ERR_clear_error();
    const int done = SSL_connect(ssl);
    if (done == 1) break;
    const int wants = SSL_get_error(ssl, done);
    if (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE) return tls_error(ssl, true);
    const bool to_write = wants == SSL_ERROR_WANT_WRITE;
    if (!wait_for_socket(fd, !to_write, to_write, deadline)) return retry("timeout in the TLS handshake");
  }
  return std::unique_ptr<TlsSession>(new TlsSession(std::move(state)));
}

Result<std::size_t> TlsSession::write_some(std::string_view bytes) {
  if (bytes.empty()) return std::size_t{0};
  ERR_clear_error();
  SSL* const ssl = state_->ssl.get();
  const int sent = SSL_write(ssl, bytes.data(), size_for_openssl(bytes.size()));
  if (sent > 0) return static_cast<std::size_t>(sent);
  const int wants = SSL_get_error(ssl, sent);
  if (wants == SSL_ERROR_WANT_READ || wants == SSL_ERROR_WANT_WRITE) return std::size_t{0};
  return tls_error(ssl, false);
}

Result<std::size_t> TlsSession::read_some(std::span<char> into) {
  ERR_clear_error();
  SSL* const ssl = state_->ssl.get();
  const int came = SSL_read(ssl, into.data(), size_for_openssl(into.size()));
  if (came > 0) return static_cast<std::size_t>(came);
  const int wants = SSL_get_error(ssl, came);
  if (wants == SSL_ERROR_WANT_READ || wants == SSL_ERROR_WANT_WRITE) return std::size_t{0};
  return tls_error(ssl, false);
}

}  // namespace scops
