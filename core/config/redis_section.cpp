#include "core/config/redis_section.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/io/redis_link.hpp"

namespace scops {
namespace {

constexpr Option rows[] = {
    option<&RedisSettings::host>({.name = "host",
                                  .fallback = "redis",
                                  .help = "Name or address of the Redis.",
                                  .aliases = "REDIS_HOST"}),
    option<&RedisSettings::port>({.name = "port",
                                  .fallback = "6379",
                                  .help = "Its TCP port.",
                                  .aliases = "REDIS_PORT",
                                  .min = "1",
                                  .max = "65535"}),
    option<&RedisSettings::socket>({.name = "socket",
                                    .fallback = "",
                                    .help = "Path of a unix socket, used instead of host and port.",
                                    .aliases = "REDIS_SOCKET"}),
    option<&RedisSettings::database>({.name = "database",
                                      .fallback = "0",
                                      .help = "Number of the database; a cluster has only 0.",
                                      .aliases = "REDIS_DB",
                                      .min = "0",
                                      .max = "1000000"}),
    option<&RedisSettings::user>(
        {.name = "user",
         .fallback = "",
         .help = "User to authenticate as (Redis 6 or newer); empty: the default one.",
         .aliases = "REDIS_USER|REDIS_USERNAME"}),
    option<&RedisSettings::password>(
        {.name = "password", .fallback = "", .help = "Password of the user.", .aliases = "REDIS_PASSWORD"}),
    option<&RedisSettings::tls>(
        {.name = "tls", .fallback = "false", .help = "Speak TLS with the Redis and with its Sentinels."}),
    option<&RedisSettings::tls_ca>({.name = "tls_ca",
                                    .fallback = "",
                                    .help = "PEM file of authorities to trust instead of the system's."}),
    option<&RedisSettings::tls_cert>(
        {.name = "tls_cert", .fallback = "", .help = "PEM file of our own certificate, for mutual TLS."}),
    option<&RedisSettings::tls_key>(
        {.name = "tls_key", .fallback = "", .help = "PEM file of the key of tls_cert."}),
    option<&RedisSettings::tls_verify>(
        {.name = "tls_verify",
         .fallback = "true",
         .help = "Check the server's certificate; false lets anybody read the password and all data."}),
    option<&RedisSettings::sentinels>({.name = "sentinels",
                                       .fallback = "[]",
                                       .help = "Sentinels as \"host:port\", asked in turn where the master "
                                               "is; host and port are then unused."}),
    option<&RedisSettings::sentinel_master>(
        {.name = "sentinel_master", .fallback = "", .help = "Name that the Sentinels know the master by."}),
    option<&RedisSettings::sentinel_password>(
        {.name = "sentinel_password", .fallback = "", .help = "Password of the Sentinels themselves."}),
    option<&RedisSettings::connect_timeout>(
        {.name = "connect_timeout",
         .fallback = "2s",
         .help = "Longest wait for a connection, the name lookup and TLS included.",
         .min = "10ms",
         .max = "10s"}),
    option<&RedisSettings::timeout>({.name = "timeout",
                                     .fallback = "2s",
                                     .help = "Longest wait for the whole answer to a command; a stop of the "
                                             "agent may have to wait for one.",
                                     .min = "10ms",
                                     .max = "10s"}),
    option<&RedisSettings::name>({.name = "name",
                                  .fallback = "scops",
                                  .help =
                                      "Name of this agent's part of the Redis, {scops:NAME}:...; agents of "
                                      "one name share their data."}),
    option<&RedisSettings::consumer>(
        {.name = "consumer",
         .fallback = "",
         .help = "Who this agent is among those of the same name; empty: the host name."}),
};

constexpr std::uint16_t sentinel_port = 26'379;
constexpr std::size_t name_max = 100;

Error refused(std::string text) { return {ErrorKind::refused, std::move(text)}; }

// Part of a key between braces, which make it a hash tag of a cluster, and of what people type into
// redis-cli: no blanks, quotes, braces, or bytes beyond ASCII.
bool fits_into_key(const std::string& name) {
  constexpr std::string_view marks = "._-:@/+";
  return name.size() <= name_max && std::all_of(name.begin(), name.end(), [marks](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  marks.find(c) != std::string_view::npos;
         });
}

Status validate_place(const RedisSettings& settings) {
  if (settings.socket.empty() && settings.sentinels.empty() && settings.host.empty()) {
    return refused("redis.host must not be empty");
  }
  if (!settings.socket.empty() && !settings.sentinels.empty()) {
    return refused("redis.socket and redis.sentinels exclude each other");
  }
  if (!settings.sentinels.empty() && settings.sentinel_master.empty()) {
    return refused("redis.sentinels needs redis.sentinel_master, the name of the master");
  }
  if (settings.sentinels.empty() && !settings.sentinel_master.empty()) {
    return refused("redis.sentinel_master needs redis.sentinels, where to ask");
  }
  for (const std::string& sentinel : settings.sentinels) {
    const auto address = parse_redis_address(sentinel, sentinel_port);
    if (!address) return within("redis.sentinels", address.error());
  }
  return Ok{};
}

Status validate_tls(const RedisSettings& settings) {
  const bool files = !settings.tls_ca.empty() || !settings.tls_cert.empty() || !settings.tls_key.empty();
  if (!settings.tls && files) return refused("redis.tls_ca, redis.tls_cert and redis.tls_key need redis.tls");
  if (!settings.tls_key.empty() && settings.tls_cert.empty())
    return refused("redis.tls_key needs redis.tls_cert");
  if (settings.tls && !settings.socket.empty()) return refused("redis.tls is not for a redis.socket");
  return Ok{};
}

}  // namespace

Section redis_section() {
  return section<RedisSettings>("redis", "The Redis that buffer and inputs use, where they use one.", rows);
}

Status validate(const RedisSettings& settings) {
  if (Status place = validate_place(settings); !place) return place;
  if (Status tls = validate_tls(settings); !tls) return tls;
  if (settings.name.empty() || !fits_into_key(settings.name)) {
    return refused("redis.name must be of letters, digits and ._-:@/+, and not empty");
  }
  if (!fits_into_key(settings.consumer)) {
    return refused("redis.consumer must be of letters, digits and ._-:@/+");
  }
  return Ok{};
}

RedisTarget redis_target(const RedisSettings& settings) {
  RedisTarget target;
  target.host = settings.host;
  target.port = static_cast<std::uint16_t>(settings.port);
  target.socket = settings.socket;
  target.database = settings.database;
  target.user = settings.user;
  target.password = settings.password.text;
  target.tls = settings.tls;
  target.tls_ca = settings.tls_ca;
  target.tls_cert = settings.tls_cert;
  target.tls_key = settings.tls_key;
  target.tls_verify = settings.tls_verify;
  target.sentinels = settings.sentinels;
  target.sentinel_master = settings.sentinel_master;
  target.sentinel_password = settings.sentinel_password.text;
  target.connect_timeout = settings.connect_timeout;
  target.timeout = settings.timeout;
  return target;
}

}  // namespace scops
