#include "core/config/redis_section.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/config/redis_rows.hpp"
#include "core/io/redis_link.hpp"

namespace scops {
namespace {

constexpr auto rows =
    join_rows(redis_rows<RedisSettings>,
              std::array{
                  option<&RedisSettings::name>(
                      {.name = "name",
                       .fallback = "scops",
                       .help = "Name of this agent's part of the Redis, {scops:NAME}:...; agents of "
                               "one name share their data."}),
                  option<&RedisSettings::consumer>(
                      {.name = "consumer",
                       .fallback = "",
                       .help = "Who this agent is among those of the same name; empty: the host name."}),
              });

constexpr std::int64_t default_port = 6379;
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

// `room` begins the names of the options.
Status validate_place(const RedisPlace& place, std::string_view room) {
  if (place.socket.empty() && place.sentinels.empty() && place.host.empty()) {
    return refused(fmt::format("{}.host must not be empty", room));
  }
  if (!place.socket.empty() && !place.sentinels.empty()) {
    return refused(fmt::format("{0}.socket and {0}.sentinels exclude each other", room));
  }
  if (!place.sentinels.empty() && place.sentinel_master.empty()) {
    return refused(fmt::format("{0}.sentinels needs {0}.sentinel_master, the name of the master", room));
  }
  if (place.sentinels.empty() && !place.sentinel_master.empty()) {
    return refused(fmt::format("{0}.sentinel_master needs {0}.sentinels, where to ask", room));
  }
  for (const std::string& sentinel : place.sentinels) {
    const auto address = parse_redis_address(sentinel, sentinel_port);
    if (!address) return within(fmt::format("{}.sentinels", room), address.error());
  }
  return Ok{};
}

Status validate_tls(const RedisPlace& place, std::string_view room) {
  const bool files = !place.tls_ca.empty() || !place.tls_cert.empty() || !place.tls_key.empty();
  if (!place.tls && files) {
    return refused(fmt::format("{0}.tls_ca, {0}.tls_cert and {0}.tls_key need {0}.tls", room));
  }
  if (!place.tls_key.empty() && place.tls_cert.empty())
    return refused(fmt::format("{0}.tls_key needs {0}.tls_cert", room));
  if (place.tls && !place.socket.empty())
    return refused(fmt::format("{0}.tls is not for a {0}.socket", room));
  return Ok{};
}

// Is something said that only means anything together with where the other Redis is?
bool says_how(const RedisPlace& place) {
  return place.port != default_port || !place.user.empty() || !place.password.text.empty() || place.tls ||
         !place.tls_ca.empty() || !place.tls_cert.empty() || !place.tls_key.empty() || !place.tls_verify ||
         !place.sentinel_master.empty() || !place.sentinel_password.text.empty();
}

}  // namespace

Section redis_section() {
  return section<RedisSettings>("redis", "The Redis that buffer and inputs use, where they use one.", rows);
}

Status validate(const RedisSettings& settings) {
  if (Status place = validate_place(settings, "redis"); !place) return place;
  if (Status tls = validate_tls(settings, "redis"); !tls) return tls;
  if (settings.name.empty() || !fits_into_key(settings.name)) {
    return refused("redis.name must be of letters, digits and ._-:@/+, and not empty");
  }
  if (!fits_into_key(settings.consumer)) {
    return refused("redis.consumer must be of letters, digits and ._-:@/+");
  }
  return Ok{};
}

RedisTarget redis_target(const RedisPlace& settings) {
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

Result<RedisTarget> redis_of_room(std::string_view room, const RedisPlace& place, RedisTarget shared) {
  if (place.host.empty() && place.socket.empty() && place.sentinels.empty()) {
    if (says_how(place)) {
      return refused(
          fmt::format("{0}.port, user, password, tls and sentinel_ are those of another Redis: set "
                      "{0}.host, {0}.socket or {0}.sentinels too",
                      room));
    }
    if (place.database >= 0) shared.database = place.database;
    return shared;
  }
  if (Status valid = validate_place(place, room); !valid) return valid.error();
  if (Status tls = validate_tls(place, room); !tls) return tls.error();
  RedisTarget target = redis_target(place);
  target.database = std::max<std::int64_t>(0, place.database);
  return target;
}

}  // namespace scops
