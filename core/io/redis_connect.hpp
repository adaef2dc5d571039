// A new connection to a Redis, made fit for use: whom to connect to (Sentinels know), authentication, the
// database, and the check that it is a Redis that can take what we write.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/io/redis.hpp"
#include "core/io/redis_exchange.hpp"
#include "core/io/redis_link.hpp"
#include "core/model/result.hpp"

namespace scops {

// A retry: all errors of a connection are of this kind.
[[nodiscard]] Error redis_error(std::string_view where, std::string_view what);

// What the answer to INFO says against the server; a server may hide INFO, and has to be taken as it is then.
[[nodiscard]] Status check_info(const RedisValue& answer, const RedisTarget& target);

// What a Sentinel answers when it is asked for the address of a master.
[[nodiscard]] Result<RedisAddress> to_master(const RedisValue& answer);

class RedisConnector {
 public:
  // All outlive it; `replies` and `buffer` are free for use between two commands of the client.
  RedisConnector(const RedisTarget& target, RedisReplies& replies, std::string& buffer);

  // The Redis that the target means at this moment.
  [[nodiscard]] Result<RedisAddress> find();
  [[nodiscard]] Result<RedisLink> connect(const RedisAddress& address);

 private:
  [[nodiscard]] Result<RedisAddress> ask_sentinel(const std::string& sentinel, Deadline deadline);
  [[nodiscard]] Result<RedisLink> open(const RedisAddress& address, Deadline deadline);
  [[nodiscard]] Status greet(RedisLink& link);

  const RedisTarget& target_;
  RedisReplies& replies_;
  std::string& buffer_;
  RedisTls tls_;
  std::size_t sentinel_ = 0;  // the one to ask first
};

}  // namespace scops
