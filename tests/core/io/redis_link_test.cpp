#include "core/io/redis_link.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

using scops::parse_redis_address;

TEST_CASE("addresses of nodes and Sentinels", "[redis]") {
  const auto [text, host, port, name] = GENERATE(table<std::string, std::string, int, std::string>(
      {{"redis:7000", "redis", 7000, "redis:7000"},
       {"redis", "redis", 26'379, "redis:26379"},
       {"10.0.0.7:6379", "10.0.0.7", 6379, "10.0.0.7:6379"},
       {"[::1]:6379", "::1", 6379, "[::1]:6379"},
       {"[::1]", "::1", 26'379, "[::1]:26379"},
       {"fe80::1:6379", "fe80::1", 6379, "[fe80::1]:6379"}}));
  const auto address = parse_redis_address(text, 26'379);
  REQUIRE(address);
  CHECK(address.value().host == host);
  CHECK(address.value().port == port);
  CHECK(address.value().name() == name);
}

TEST_CASE("what is no address of a node", "[redis]") {
  const std::string text =
      GENERATE(as<std::string>(), "", ":", ":6379", "a:", "a:x", "a:0", "a:65536", "[::1", "[]", "[[]",
               "a]:1", "a b:1", "a\n:1", std::string(256, 'a') + ":1", "h\xc3\xb6st:1");
  const auto address = parse_redis_address(text, 26'379);
  REQUIRE_FALSE(address);
  CHECK(address.error().kind == scops::ErrorKind::refused);
}
