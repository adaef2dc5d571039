// TLS 1.2 or newer over a connected, non-blocking socket, by OpenSSL. The socket is written to with
// MSG_NOSIGNAL, which OpenSSL's own socket layer does not do.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/io/redis_link.hpp"
#include "core/model/result.hpp"

namespace scops {

inline constexpr std::string_view unknown_authority = "TLS: unknown certificate authority";

class TlsSession {
 public:
  // The handshake. `host` is what the certificate must be for (a name or an IP address), unless
  // `settings.verify` is off; names are sent as SNI. `fd` outlives the session. Errors are of kind retry:
  // unknown_authority, "TLS: the certificate has expired (is the clock right?)"...
  [[nodiscard]] static Result<std::unique_ptr<TlsSession>> connect(int fd, const std::string& host,
                                                                   const RedisTls& settings,
                                                                   Deadline deadline);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // As those of RedisLink.
  [[nodiscard]] Result<std::size_t> write_some(std::string_view bytes);
  [[nodiscard]] Result<std::size_t> read_some(std::span<char> into);

 private:
  struct State;
  explicit TlsSession(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace scops
