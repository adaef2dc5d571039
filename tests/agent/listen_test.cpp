#include "agent/listen.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace scops;

TEST_CASE("the pages are where an address and a port of the loopback say", "[agent]") {
  const auto [text, where] = GENERATE(table<std::string, std::string>({{"127.0.0.1:18125", "127.0.0.1:18125"},
                                                                       {"[::1]:18199", "[::1]:18199"},
                                                                       {"::1:0", "[::1]:0"},
                                                                       {"localhost:18199", "127.0.0.1:18199"},
                                                                       {"LocalHost:1", "127.0.0.1:1"}}));
  const auto listen = parse_listen({.listen = text});
  REQUIRE(listen);
  REQUIRE(*listen);
  CHECK(authority(**listen) == where);
}

TEST_CASE("off is no address of the pages", "[agent]") {
  const auto listen = parse_listen({.listen = GENERATE(as<std::string>(), "off", "OFF", "")});
  REQUIRE(listen);
  CHECK_FALSE(*listen);
}

TEST_CASE("a name that only begins as localhost does is not the loopback's", "[agent]") {
  CHECK_FALSE(parse_listen({.listen = "localhost.evil:1"}));
}
