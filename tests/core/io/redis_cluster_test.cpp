#include <catch2/catch.hpp>
#include <string>

#include "core/io/redis.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/redis_server.hpp"

using scops::RedisClient;
using scops::test::FakeClock;
using scops::test::redis_run;
using scops::test::RedisCluster;

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
