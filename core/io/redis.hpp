// A Redis client (RESP2, https://redis.io/docs/reference/protocol-spec/, Redis 5 or newer): hiredis formats
// and parses, the socket is our own (redis_link.hpp) so that every wait has a deadline, TLS works with
// Debian's hiredis, and SIGPIPE never comes. Synchronous; one thread at a time.
//
// Connects at the first command and again after a failure, with backoff: until it is time for the next
// attempt, commands fail at once with the last error. A new connection asks the Sentinels when there are any,
// authenticates, selects the database, and checks that it is a Redis of version 5 or newer that is not
// loading and, unless the target says that this will do, no read-only replica. MOVED (Redis Cluster) makes
// the client go to the node named and repeat the command there.
//
// Errors (Error) are those of the link and of the server as a whole: refused, timeout, wrong password, wrong
// database, read-only replica, loading, not Redis, too old, a reply above `reply_max`. Kind `retry`, or
// `drop` for the last one. Error replies to a command (WRONGTYPE, NOGROUP, OOM...) are values of type error.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/redis_value.hpp"
#include "core/model/result.hpp"
#include "core/runtime/clock.hpp"

namespace scops {

struct RedisTarget {
  std::string host = "redis";
  std::uint16_t port = 6379;
  std::string socket;  // path of a unix socket; wins over host and port
  std::int64_t database = 0;
  std::string user;
  std::string password;
  bool tls = false;
  std::string tls_ca, tls_cert, tls_key;  // PEM files; no CA: the system's authorities
  bool tls_verify = true;
  std::vector<std::string> sentinels;  // "host:port"; then host and port are not used
  std::string sentinel_master;         // the name that they know it by
  std::string sentinel_password;
  bool only_reads = false;  // nothing is written: a read-only replica will do
  // When the server has ended the connection, the next command fails with ErrorKind::absent, before anything
  // is sent, and the one after it connects; else that command itself connects. For users whose commands make
  // sense only once they have looked at what is there now.
  bool tells_of_end = false;
  std::chrono::milliseconds connect_timeout{2000};
  std::chrono::milliseconds timeout{2000};  // of one command or pipeline, from its first byte to its last
  // Memory of one reply, or of all those to a pipeline: the texts, and sizeof(RedisValue::Node) a value.
  std::size_t reply_max = 16U << 20U;
};

// Where commands are written to, argument by argument, on their way to the socket.
class RedisWriter {
 public:
  virtual ~RedisWriter() = default;
  virtual void begin(std::size_t arguments) = 0;  // a command of that many arguments, its name included
  virtual void argument(std::string_view text) = 0;
  void command(std::initializer_list<std::string_view> arguments) {
    begin(arguments.size());
    for (const std::string_view text : arguments) argument(text);
  }
};

// Commands that are made while they are sent, so that a million ids need not be held as text.
class RedisCommands {
 public:
  virtual ~RedisCommands() = default;
  [[nodiscard]] virtual std::size_t count() const = 0;  // of the commands that write() makes
  virtual void write(RedisWriter& to) const = 0;        // the same each time
  // A transaction with these is only made while this key has this value; empty: always.
  struct Guard {
    std::string key, value;
  };
  [[nodiscard]] virtual Guard guard() const { return {}; }
};

class RedisClient {
 public:
  // `clock` outlives the client.
  RedisClient(RedisTarget target, const Clock& clock);
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  Result<RedisValue> command(std::initializer_list<std::string_view> arguments);
  Result<RedisValue> command(std::span<const std::string_view> arguments);
  // All in one round trip; a list with the reply to each.
  Result<RedisValue> pipeline(const RedisCommands& commands);
  // MULTI, all of them, EXEC: a list with the reply to each. Nil: the guard did not hold, nothing was done.
  // An error value: refused as a whole, nothing was done (EXECABORT names the reason: "EXECABORT OOM ...").
  Result<RedisValue> transaction(std::span<const RedisCommands* const> commands);

  // After an Error: may the server have done what it was asked to?
  [[nodiscard]] bool outcome_unknown() const;
  // The number of the connection that the next command goes over, as far as is known before it; grows by one
  // with each, so that a user can make sure of what it needs there.
  [[nodiscard]] std::uint64_t connection() const;
  // "redis:6379", "/run/redis.sock": for messages.
  [[nodiscard]] std::string where() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace scops
