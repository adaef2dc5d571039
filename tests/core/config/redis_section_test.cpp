#include "core/config/redis_section.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/config/check_tables.hpp"
#include "core/config/load.hpp"
#include "core/config/redis_rows.hpp"

using scops::RedisSettings;

namespace {

struct Given {
  RedisSettings settings;
  std::vector<std::string> problems;
};

Given given(const std::vector<std::string>& environment) {
  const std::vector<scops::Section> sections = {scops::redis_section()};
  const auto loaded = scops::load(sections, {.environment = environment});
  return {*static_cast<const RedisSettings*>(sections[0].settings.get()), loaded.problems};
}

std::string verdict(const std::vector<std::string>& environment) {
  const Given all = given(environment);
  CHECK(all.problems.empty());
  const auto valid = scops::validate(all.settings);
  return valid ? "valid" : valid.error().text;
}

}  // namespace

TEST_CASE("redis settings: the table keeps the law") {
  CHECK(scops::check_tables(std::vector<scops::Section>{scops::redis_section()}).empty());
  CHECK(verdict({}) == "valid");
}

TEST_CASE("contract 1: REDIS_HOST is redis and REDIS_PORT is 6379 unless they are set") {
  const scops::RedisTarget plain = scops::redis_target(given({}).settings);
  CHECK(plain.host == "redis");
  CHECK(plain.port == 6379);
  CHECK(plain.database == 0);
  CHECK(plain.password.empty());
  CHECK_FALSE(plain.tls);
  CHECK(plain.tls_verify);
  CHECK(plain.timeout == std::chrono::seconds(2));
  const scops::RedisTarget set = scops::redis_target(given({"REDIS_HOST=db", "redis_port=7000"}).settings);
  CHECK(set.host == "db");
  CHECK(set.port == 7000);
}

TEST_CASE("contract 1: ours adds password, TLS, db, unix socket, Sentinel") {
  const scops::RedisTarget target =
      scops::redis_target(given({"REDIS_PASSWORD=p4ss", "REDIS_USER=u", "REDIS_DB=3", "SCOPS_REDIS_TLS=true",
                                 "SCOPS_REDIS_TLS_CA=/ca", "SCOPS_REDIS_TLS_VERIFY=false",
                                 "SCOPS_REDIS_SENTINELS=[\"a:1\",\"b\"]", "SCOPS_REDIS_SENTINEL_MASTER=m",
                                 "SCOPS_REDIS_SENTINEL_PASSWORD=s3cret"})
                              .settings);
  CHECK(target.password == "p4ss");
  CHECK(target.user == "u");
  CHECK(target.database == 3);
  CHECK(target.tls);
  CHECK(target.tls_ca == "/ca");
  CHECK_FALSE(target.tls_verify);
  CHECK(target.sentinels == std::vector<std::string>{"a:1", "b"});
  CHECK(target.sentinel_master == "m");
  CHECK(target.sentinel_password == "s3cret");
  CHECK(given({"REDIS_SOCKET=/run/redis.sock"}).settings.socket == "/run/redis.sock");
}

TEST_CASE("redis settings: what does not go together is refused, and the option named") {
  CHECK(verdict({"REDIS_SOCKET=/s", "SCOPS_REDIS_SENTINELS=[\"a\"]", "SCOPS_REDIS_SENTINEL_MASTER=m"}) ==
        "redis.socket and redis.sentinels exclude each other");
  CHECK(verdict({"SCOPS_REDIS_SENTINELS=[\"a\"]"}) ==
        "redis.sentinels needs redis.sentinel_master, the name of the master");
  CHECK(verdict({"SCOPS_REDIS_SENTINEL_MASTER=m"}) ==
        "redis.sentinel_master needs redis.sentinels, where to ask");
  CHECK(verdict({"SCOPS_REDIS_SENTINELS=[\"a:0\"]", "SCOPS_REDIS_SENTINEL_MASTER=m"}) ==
        "redis.sentinels: 'a:0' is not host:port");
  CHECK(verdict({"SCOPS_REDIS_TLS_CA=/ca"}) ==
        "redis.tls_ca, redis.tls_cert and redis.tls_key need redis.tls");
  CHECK(verdict({"SCOPS_REDIS_TLS=true", "SCOPS_REDIS_TLS_KEY=/k"}) == "redis.tls_key needs redis.tls_cert");
  CHECK(verdict({"SCOPS_REDIS_TLS=true", "REDIS_SOCKET=/s"}) == "redis.tls is not for a redis.socket");
  CHECK(verdict({"SCOPS_REDIS_NAME=a}b"}) ==
        "redis.name must be of letters, digits and ._-:@/+, and not empty");
  CHECK(verdict({"SCOPS_REDIS_CONSUMER=two words"}) ==
        "redis.consumer must be of letters, digits and ._-:@/+");
}

TEST_CASE("redis settings: numbers beyond their limits are problems") {
  CHECK(given({"REDIS_PORT=0"}).problems.size() == 1);
  CHECK(given({"REDIS_PORT=65536"}).problems.size() == 1);
  CHECK(given({"REDIS_DB=-1"}).problems.size() == 1);
}

namespace {

struct Room : scops::RedisPlace {};

constexpr auto room_rows = scops::own_redis_rows<Room>();

// "HOST:PORT/DATABASE" that a room gets with a shared Redis at db:7000/2, or why it gets none.
std::string of_room(const std::vector<std::string>& environment) {
  const std::vector<scops::Section> sections = {scops::section<Room>("room", "A room.", room_rows)};
  CHECK(scops::check_tables(sections).empty());
  const auto loaded = scops::load(sections, {.environment = environment});
  CHECK(loaded.problems.empty());
  scops::RedisTarget shared;
  shared.host = "db";
  shared.port = 7000;
  shared.database = 2;
  shared.password = "p4ss";
  const auto target =
      scops::redis_of_room("room", *static_cast<const Room*>(sections[0].settings.get()), shared);
  if (!target) return target.error().text;
  return fmt::format("{}:{}/{} {}", target->socket.empty() ? target->host : target->socket, target->port,
                     target->database, target->password);
}

}  // namespace

TEST_CASE("a room without a Redis of its own has the shared one, in another database if it says so") {
  CHECK(of_room({}) == "db:7000/2 p4ss");
  CHECK(of_room({"SCOPS_ROOM_DATABASE=0"}) == "db:7000/0 p4ss");
  CHECK(of_room({"REDIS_HOST=elsewhere"}) == "db:7000/2 p4ss");
}

TEST_CASE("a room's own Redis inherits nothing from the shared one") {
  CHECK(of_room({"SCOPS_ROOM_HOST=own"}) == "own:6379/0 ");
  CHECK(of_room({"SCOPS_ROOM_HOST=own", "SCOPS_ROOM_PORT=1", "SCOPS_ROOM_DATABASE=5",
                 "SCOPS_ROOM_PASSWORD=0wn"}) == "own:1/5 0wn");
  CHECK(of_room({"SCOPS_ROOM_SOCKET=/s"}) == "/s:6379/0 ");
}

TEST_CASE("options of a room's own Redis that do not fit together are refused by their names") {
  CHECK(of_room({"SCOPS_ROOM_PASSWORD=secret"}).find("set room.host") != std::string::npos);
  CHECK(of_room({"SCOPS_ROOM_PORT=1"}).find("set room.host") != std::string::npos);
  CHECK(of_room({"SCOPS_ROOM_SENTINELS=[\"a\"]"}) ==
        "room.sentinels needs room.sentinel_master, the name of the master");
  CHECK(of_room({"SCOPS_ROOM_HOST=h", "SCOPS_ROOM_TLS_CA=/ca"}).find("need room.tls") != std::string::npos);
}
