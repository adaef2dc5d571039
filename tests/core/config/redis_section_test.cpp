#include "core/config/redis_section.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/config/check_tables.hpp"
#include "core/config/load.hpp"

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
