// Real Sentinels over a real master and its replica.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/io/redis.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/redis_server.hpp"

using scops::RedisClient;
using scops::RedisTarget;
using scops::test::eventually;
using scops::test::FakeClock;
using scops::test::redis_run;
using scops::test::RedisServer;

namespace {

std::string local(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

scops::test::RedisOptions sentinel_of(const RedisServer& master) {
  return {.config = "sentinel monitor board 127.0.0.1 " + std::to_string(master.port()) +
                    " 1\nsentinel down-after-milliseconds board 300\nsentinel failover-timeout board 2000\n",
          .arguments = {"--sentinel"}};
}

RedisTarget through(const std::vector<std::string>& sentinels) {
  RedisTarget target;
  target.sentinels = sentinels;
  target.sentinel_master = "board";
  return target;
}

}  // namespace

TEST_CASE("a Sentinel says who the master is, also after it has made another one master", "[redis]") {
  RedisServer master;
  const RedisServer replica({.arguments = {"--replicaof", "127.0.0.1", std::to_string(master.port()),
                                           "--repl-diskless-sync-delay", "0"}});
  REQUIRE(eventually([&] {
    return master.run({"INFO", "replication"}).find("state=online") != std::string::npos;
  }));
  const RedisServer sentinel(sentinel_of(master));
  FakeClock clock;
  // The first one does not answer, the second one does not know this master.
  const RedisServer stranger({.config = "protected-mode no\n", .arguments = {"--sentinel"}});
  RedisClient client(
      through({local(scops::test::free_port()), local(stranger.port()), local(sentinel.port())}), clock);
  CHECK(client.where() == "master 'board'");
  CHECK(redis_run(client, {"SET", "k", "v"}) == "OK");
  CHECK(redis_run(client, {"CONFIG", "GET", "port"}) == "port\n" + std::to_string(master.port()));
  REQUIRE(eventually([&] {
    return sentinel.run({"SENTINEL", "replicas", "board"}).find(local(replica.port())) != std::string::npos;
  }));
  CHECK(redis_run(client, {"WAIT", "1", "1000"}) == "1");
  master.kill();
  CHECK_FALSE(client.command({"GET", "k"}));
  REQUIRE(eventually([&] {
    clock.advance(5000);
    return client.command({"SET", "after", "failover"}).has_value();
  }));
  CHECK(redis_run(client, {"CONFIG", "GET", "port"}) == "port\n" + std::to_string(replica.port()));
  CHECK(redis_run(client, {"GET", "k"}) == "v");
}

TEST_CASE("Sentinels that are of no help are named with what they said", "[redis]") {
  const RedisServer redis;
  const RedisServer stranger({.config = "protected-mode no\n", .arguments = {"--sentinel"}});
  const std::string nobody = local(scops::test::free_port());
  const FakeClock clock;
  RedisClient client(through({nobody, local(redis.port()), local(stranger.port())}), clock);
  const auto answer = client.command({"PING"});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().text == "redis master 'board': no Sentinel helps: " + nobody + ": connect: refused; " +
                                   local(redis.port()) + ": is no Sentinel; " + local(stranger.port()) +
                                   ": knows no such master");
}

TEST_CASE("a Sentinel that wants a password gets its own", "[redis]") {
  const RedisServer master({.password = "of the master"});
  const RedisServer sentinel({.config = "sentinel monitor board 127.0.0.1 " + std::to_string(master.port()) +
                                        " 1\nsentinel auth-pass board \"of the master\"\n",
                              .password = "of the sentinel",
                              .arguments = {"--sentinel"}});
  const FakeClock clock;
  RedisTarget target = through({local(sentinel.port())});
  target.password = "of the master";
  {
    RedisClient client(target, clock);
    const auto answer = client.command({"PING"});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().text.ends_with(": wants a password"));
  }
  target.sentinel_password = "of the sentinel";
  RedisClient client(target, clock);
  CHECK(redis_run(client, {"PING"}) == "PONG");
}
