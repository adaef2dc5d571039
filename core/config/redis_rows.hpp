// The rows of the options that say where a Redis is and how to speak with it: for room "redis", and for rooms
// that may use a Redis of their own. `Owner` is the settings struct of the room, derived from RedisPlace.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/config/option.hpp"
#include "core/config/redis_section.hpp"

namespace scops {

inline constexpr std::size_t redis_row_count = 16;

// Those of room "redis".
template <class Owner>
inline constexpr std::array<Option, redis_row_count> redis_rows{{
    option<&RedisPlace::host, Owner>({.name = "host",
                                      .fallback = "redis",
                                      .help = "Name or address of the Redis.",
                                      .aliases = "REDIS_HOST"}),
    option<&RedisPlace::port, Owner>({.name = "port",
                                      .fallback = "6379",
                                      .help = "Its TCP port.",
                                      .aliases = "REDIS_PORT",
                                      .min = "1",
                                      .max = "65535"}),
    option<&RedisPlace::socket, Owner>({.name = "socket",
                                        .fallback = "",
                                        .help = "Path of a unix socket, used instead of host and port.",
                                        .aliases = "REDIS_SOCKET"}),
    option<&RedisPlace::database, Owner>({.name = "database",
                                          .fallback = "0",
                                          .help = "Number of the database; a cluster has only 0.",
                                          .aliases = "REDIS_DB",
                                          .min = "0",
                                          .max = "1000000"}),
    option<&RedisPlace::user, Owner>(
        {.name = "user",
         .fallback = "",
         .help = "User to authenticate as (Redis 6 or newer); empty: the default one.",
         .aliases = "REDIS_USER|REDIS_USERNAME"}),
    option<&RedisPlace::password, Owner>(
        {.name = "password", .fallback = "", .help = "Password of the user.", .aliases = "REDIS_PASSWORD"}),
    option<&RedisPlace::tls, Owner>(
        {.name = "tls", .fallback = "false", .help = "Speak TLS with the Redis and with its Sentinels."}),
    option<&RedisPlace::tls_ca, Owner>({.name = "tls_ca",
                                        .fallback = "",
                                        .help = "PEM file of authorities to trust instead of the system's."}),
    option<&RedisPlace::tls_cert, Owner>(
        {.name = "tls_cert", .fallback = "", .help = "PEM file of our own certificate, for mutual TLS."}),
    option<&RedisPlace::tls_key, Owner>(
        {.name = "tls_key", .fallback = "", .help = "PEM file of the key of tls_cert."}),
    option<&RedisPlace::tls_verify, Owner>(
        {.name = "tls_verify",
         .fallback = "true",
         .help = "Check the server's certificate; false lets anybody read the password and all data."}),
    option<&RedisPlace::sentinels, Owner>({.name = "sentinels",
                                           .fallback = "[]",
                                           .help =
                                               "Sentinels as \"host:port\", asked in turn where the master "
                                               "is; host and port are then unused."}),
    option<&RedisPlace::sentinel_master, Owner>(
        {.name = "sentinel_master", .fallback = "", .help = "Name that the Sentinels know the master by."}),
    option<&RedisPlace::sentinel_password, Owner>(
        {.name = "sentinel_password", .fallback = "", .help = "Password of the Sentinels themselves."}),
    option<&RedisPlace::connect_timeout, Owner>(
        {.name = "connect_timeout",
         .fallback = "2s",
         .help = "Longest wait for a connection, the name lookup and TLS included.",
         .min = "10ms",
         .max = "10s"}),
    option<&RedisPlace::timeout, Owner>({.name = "timeout",
                                         .fallback = "2s",
                                         .help =
                                             "Longest wait for the whole answer to a command; a stop of the "
                                             "agent may have to wait for one.",
                                         .min = "10ms",
                                         .max = "10s"}),
}};

// The same for a room that uses the Redis of room "redis" until its own options say where another is (see
// redis_of_room): nobody's aliases, no host.
template <class Owner>
constexpr std::array<Option, redis_row_count> own_redis_rows() {
  auto rows = redis_rows<Owner>;
  for (Option& row : rows) {
    row.text.aliases = {};
    if (row.text.name == "host") {
      row.text.fallback = "";
      row.text.help =
          "Name or address of another Redis; without host, socket and sentinels: that of room redis.";
    }
    if (row.text.name == "database") {
      row.text.fallback = row.text.min = "-1";
      row.text.help = "Number of the database; -1: in another Redis 0, else that of room redis.";
    }
  }
  return rows;
}

// One table out of two.
template <std::size_t A, std::size_t B>
constexpr std::array<Option, A + B> join_rows(const std::array<Option, A>& a,
                                              const std::array<Option, B>& b) {
  std::array<Option, A + B> all{};
  std::copy(b.begin(), b.end(), std::copy(a.begin(), a.end(), all.begin()));
  return all;
}

}  // namespace scops
