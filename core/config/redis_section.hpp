// The options of room "redis": the one Redis that the buffer, the input chouette and the collector dramatiq
// share.
#pragma once

#include <cstdint>
#include <string>

#include "core/config/option.hpp"
#include "core/io/redis.hpp"
#include "core/model/result.hpp"

namespace scops {

struct RedisSettings {
  std::string host;  // REDIS_HOST
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
  std::string name;      // of this agent's part of the Redis: {scops:NAME}:...
  std::string consumer;  // who we are among agents of the same name; empty: the host name
};

[[nodiscard]] Section redis_section();

// What a single row cannot check (Sentinels without a master name, a socket and Sentinels...).
// ErrorKind::refused names the option.
[[nodiscard]] Status validate(const RedisSettings& settings);

[[nodiscard]] RedisTarget redis_target(const RedisSettings& settings);

}  // namespace scops
