#include <catch2/catch.hpp>
#include <string>

#include "core/io/redis.hpp"
#include "tests/core/io/redis_script.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_peer.hpp"
#include "tests/support/redis_server.hpp"

using scops::RedisClient;
using scops::test::FakeClock;
using scops::test::FakePeer;
using scops::test::redis_run;
using scops::test::RedisCluster;
using scops::test::RedisScript;
using scops::test::RedisServer;
using scops::test::transact;

TEST_CASE("in a cluster a command is repeated at the node that has the key, and the next ones go there",
          "[redis]") {
  RedisCluster cluster;
  const FakeClock clock;
  // A key that the target does not serve.
  std::string key = "{0}";
  for (int i = 1; cluster.owner(key) == 0; ++i) key = "{" + std::to_string(i) + "}";
  RedisClient client(cluster.target(), clock);
  CHECK(redis_run(client, {"SET", key, "v"}) == "OK");
  const auto connections = client.connection();
  CHECK(connections == 2);
  CHECK(redis_run(client, {"GET", key}) == "v");
  CHECK(client.connection() == connections);
}

TEST_CASE("a pipeline and a transaction go to the node that has their keys", "[redis]") {
  RedisCluster cluster;
  const FakeClock clock;
  std::string key = "{0}";
  for (int i = 1; cluster.owner(key) == 0; ++i) key = "{" + std::to_string(i) + "}";
  {
    RedisClient client(cluster.target(), clock);
    const auto answer = client.pipeline(RedisScript({{"SET", key, "1"}, {"INCR", key}}));
    REQUIRE(answer);
    CHECK(answer.value().at(1).integer() == 2);
  }
  RedisClient client(cluster.target(), clock);
  const auto guarded = transact(client, RedisScript({{"INCR", key}}, {key, "2"}));
  REQUIRE(guarded);
  CHECK(guarded.value().at(0).integer() == 3);
  RedisClient other(cluster.target(), clock);
  const auto plain = transact(other, RedisScript({{"INCR", key}}));
  REQUIRE(plain);
  CHECK(plain.value().at(0).integer() == 4);
}

TEST_CASE("a transaction over keys of different nodes is refused as a whole", "[redis]") {
  RedisCluster cluster;
  const FakeClock clock;
  std::string other = "{0}";
  for (int i = 1; cluster.owner(other) == cluster.owner("{here}"); ++i) other = "{" + std::to_string(i) + "}";
  RedisClient client(cluster.target(), clock);
  const auto answer = transact(client, RedisScript({{"SET", "{here}", "1"}, {"SET", other, "1"}}));
  REQUIRE(answer);
  CHECK(answer.value().error_code() == "EXECABORT");
  CHECK_FALSE(client.outcome_unknown());
  CHECK(redis_run(client, {"EXISTS", "{here}"}) == "0");
}

TEST_CASE("keys on the move are found where they are", "[redis]") {
  RedisCluster cluster;
  const FakeClock clock;
  const std::string key = "{moving}";
  const std::size_t from = cluster.owner(key);
  const std::size_t to = (from + 1) % 3;
  const std::string slot = cluster.node(from).run({"CLUSTER", "KEYSLOT", key});
  cluster.node(to).run(
      {"CLUSTER", "SETSLOT", slot, "IMPORTING", cluster.node(from).run({"CLUSTER", "MYID"})});
  cluster.node(from).run(
      {"CLUSTER", "SETSLOT", slot, "MIGRATING", cluster.node(to).run({"CLUSTER", "MYID"})});
  // A key that the old node does not have (any more): ASK.
  RedisClient client(cluster.node(from).target(), clock);
  CHECK(redis_run(client, {"SET", key, "v"}) == "OK");
  CHECK(client.connection() == 2);
  CHECK(redis_run(client, {"GET", key}) == "v");
  // In a transaction it cannot be followed, and nothing is done.
  const auto answer = transact(client, RedisScript({{"SET", key, "w"}}));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().text.ends_with(": the cluster is moving these keys"));
  CHECK_FALSE(client.outcome_unknown());
}

TEST_CASE("a node that has failed is forgotten, and the target asked again", "[redis]") {
  RedisServer elsewhere;
  bool moved = true;
  const std::string address = "127.0.0.1:" + std::to_string(elsewhere.port());
  FakePeer target([&](std::string_view, int turn) {
    if (turn == 0) return std::string("$-1\r\n");
    return moved ? "-MOVED 7 " + address + "\r\n" : "+here\r\n";
  });
  FakeClock clock;
  scops::RedisTarget at;
  at.host = "127.0.0.1";
  at.port = target.port();
  RedisClient client(at, clock);
  CHECK(redis_run(client, {"PING"}) == "PONG");
  moved = false;
  elsewhere.kill();
  clock.advance(5000);
  CHECK_FALSE(client.command({"PING"}));
  clock.advance(5000);
  CHECK(redis_run(client, {"PING"}) == "here");
}

TEST_CASE("nodes that send us to each other end after five hops", "[redis]") {
  std::string address;
  FakePeer target([&](std::string_view, int turn) {
    return turn == 0 ? std::string("$-1\r\n") : "-MOVED 7 " + address + "\r\n";
  });
  address = GENERATE(std::string("127.0.0.1:"), std::string(":")) + std::to_string(target.port());
  const FakeClock clock;
  scops::RedisTarget at;
  at.host = "127.0.0.1";
  at.port = target.port();
  RedisClient client(at, clock);
  const auto answer = client.command({"GET", "k"});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().text.ends_with(": the cluster sends us from node to node"));
  CHECK(target.connections() == 6);
  CHECK_FALSE(client.outcome_unknown());
}

TEST_CASE("a redirection that names no node is an error of the command", "[redis]") {
  const std::string error =
      GENERATE("MOVED", "MOVED 7", "MOVED 7 host", "MOVED 7 host:0", "MOVED 7 :x", "MOVED 7 :");
  FakePeer target([&](std::string_view, int turn) { return turn == 0 ? "$-1\r\n" : "-" + error + "\r\n"; });
  const FakeClock clock;
  scops::RedisTarget at;
  at.host = "127.0.0.1";
  at.port = target.port();
  RedisClient client(at, clock);
  const auto answer = client.command({"GET", "k"});
  REQUIRE(answer);
  CHECK(answer.value().text() == error);
}
