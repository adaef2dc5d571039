// A connection to a Redis, bytes only: TCP or a unix socket, with TLS or without. Non-blocking: the caller
// moves what can be moved and waits with a deadline. Never raises SIGPIPE; close-on-exec.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/io/authorities.hpp"
#include "core/io/files.hpp"
#include "core/io/resolve.hpp"
#include "core/model/result.hpp"

namespace scops {

struct RedisAddress {
  std::string host;
  std::uint16_t port = 0;
  std::string socket;  // path of a unix socket; wins

  [[nodiscard]] std::string name() const;  // "redis:6379", "[::1]:6379", "/run/redis.sock"
  bool operator==(const RedisAddress&) const = default;
};

// "redis:6379", "[::1]:6379", "::1:6379", "redis" (with `port`). ErrorKind::refused when it is none.
[[nodiscard]] Result<RedisAddress> parse_redis_address(std::string_view text, std::uint16_t port);

// Could `text` be a name or an address? Peers name hosts too, and their words end up in logs.
[[nodiscard]] bool is_redis_host(std::string_view text);

// Files are read at each new connection.
struct RedisTls {
  std::string ca, cert, key;
  bool verify = true;
  Authorities system = {};    // where there is no `ca`
  bool whole_bundle = false;  // of the system's: the file of all, not only the folder
};

// What all that goes wrong on the way to a Redis is: it may be better next time.
[[nodiscard]] inline Error retry(std::string text) { return {ErrorKind::retry, std::move(text)}; }

class TlsSession;

class RedisLink {
 public:
  // Connected, and the TLS handshake done where `tls` is not null, before `deadline`. Errors are of kind
  // retry and name what went wrong, not the address. `tls->whole_bundle` is set when the folder does not know
  // the authority.
  [[nodiscard]] static Result<RedisLink> connect(const RedisAddress& address, RedisTls* tls,
                                                 Deadline deadline);
  RedisLink(RedisLink&& other) noexcept;
  RedisLink& operator=(RedisLink&& other) noexcept;
  RedisLink(const RedisLink&) = delete;
  RedisLink& operator=(const RedisLink&) = delete;
  ~RedisLink();

  // How many bytes went; 0: would have to wait. What is counted here the peer may have got; what is not it
  // cannot have understood. After a 0 the next call must begin with the same bytes.
  [[nodiscard]] Result<std::size_t> write_some(std::string_view bytes);
  // How many bytes came; 0: none yet. An end is an error.
  [[nodiscard]] Result<std::size_t> read_some(std::span<char> into);
  // Until there is something to read or, with `to_write`, room to write. A timeout is an error.
  [[nodiscard]] Status wait(bool to_write, Deadline deadline) const;

 private:
  RedisLink(Fd fd, std::unique_ptr<TlsSession> tls);

  Fd fd_;
  std::unique_ptr<TlsSession> tls_;
};

// For redis_tls.cpp as well: poll(2) on one descriptor.
[[nodiscard]] Status wait_for_socket(int fd, bool to_read, bool to_write, Deadline deadline);
// send(2) and recv(2) without signals: bytes moved, 0 when it would have to wait.
[[nodiscard]] Result<std::size_t> send_some(int fd, std::string_view bytes);
[[nodiscard]] Result<std::size_t> receive_some(int fd, std::span<char> into);

}  // namespace scops
