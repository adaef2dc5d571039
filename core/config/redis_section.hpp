// The options of room "redis": the one Redis that the buffer, the input chouette and the collector dramatiq
// share, unless a room has one of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/config/option.hpp"
#include "core/io/redis.hpp"
#include "core/model/result.hpp"

namespace scops {

// Where a Redis is and how to speak with it: see redis_rows.hpp.
struct RedisPlace {
  std::string host;
  std::int64_t port = 6379;
  std::string socket;
  std::int64_t database = 0;
  std::string user;
  Secret password;
  bool tls = false;
  std::string tls_ca, tls_cert, tls_key;
  bool tls_verify = true;
  TextList sentinels;
  std::string sentinel_master;
  Secret sentinel_password;
  Duration connect_timeout{};
  Duration timeout{};
};

struct RedisSettings : RedisPlace {
  std::string name;      // of this agent's part of the Redis: {scops:NAME}:...
  std::string consumer;  // who we are among agents of the same name; empty: the host name
};

[[nodiscard]] Section redis_section();

// What a single row cannot check (Sentinels without a master name, a socket and Sentinels...).
// ErrorKind::refused names the option.
[[nodiscard]] Status validate(const RedisSettings& settings);

[[nodiscard]] RedisTarget redis_target(const RedisPlace& settings);

// The Redis of a room that may have one of its own: `shared`, in the database that `place` names if it does,
// unless `place` says where another one is, which inherits nothing. ErrorKind::refused names the options.
[[nodiscard]] Result<RedisTarget> redis_of_room(std::string_view room, const RedisPlace& place,
                                                RedisTarget shared);

}  // namespace scops
