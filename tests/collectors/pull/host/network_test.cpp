#include "collectors/pull/host/network.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using namespace scops::host;

namespace {

std::vector<Interface> parse(std::string_view text, bool* rejected = nullptr) {
  std::vector<Interface> interfaces;
  Rejects rejects;
  parse_net_dev(text, interfaces, rejects);
  if (rejected != nullptr) *rejected = !rejects.status("dev").has_value();
  return interfaces;
}

}  // namespace

TEST_CASE("an interface is read with its traffic both ways") {
  const auto interfaces = parse("  eth0: 100 2 3 4 0 0 0 0 200 5 6 7 0 0 0 0\n");
  REQUIRE(interfaces.size() == 1);
  CHECK(interfaces[0].name == "eth0");
  CHECK(interfaces[0].received.bytes == 100);
  CHECK(interfaces[0].received.errors == 3);
  CHECK(interfaces[0].received.dropped == 4);
  CHECK(interfaces[0].sent.bytes == 200);
  CHECK(interfaces[0].sent.errors == 6);
  CHECK(interfaces[0].sent.dropped == 7);
}

TEST_CASE("interface lines that must parse") {
  CHECK(parse("eth0:100 2 3 4 0 0 0 0 200 5 6 7 0 0 0 0")[0].name == "eth0");
  CHECK(parse("eth0:1: 1 2 3 4 0 0 0 0 200 5 6 7 0 0 0 0")[0].name == "eth0:1");
  CHECK(parse("br-1a@x: 18446744073709551615 2 3 4 0 0 0 0 200 5 6 7 0 0 0 0 99\r\n").size() == 1);
}

TEST_CASE("interface lines that must not parse") {
  for (const char* line :
       {"eth0", "eth0:", ": 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        "eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", "eth0: -1 2 3 4 0 0 0 0 200 5 6 7 0 0 0 0",
        "eth0: x 2 3 4 0 0 0 0 200 5 6 7 0 0 0 0",
        "eth0: 18446744073709551616 2 3 4 0 0 0 0 200 5 6 7 0 0 0 0"}) {
    CAPTURE(line);
    bool rejected = false;
    CHECK(parse(line, &rejected).empty());
    CHECK(rejected);
  }
}

TEST_CASE("the headings of the interface table are no trouble") {
  bool rejected = true;
  CHECK(parse("Inter-|   Receive  |  Transmit\n face |bytes packets|bytes packets\n", &rejected).empty());
  CHECK_FALSE(rejected);
}

TEST_CASE("one bad line costs the other interfaces nothing") {
  bool rejected = false;
  CHECK(parse("bad\n  eth0: 1 2 3 4 0 0 0 0 2 5 6 7 0 0 0 0\n", &rejected).size() == 1);
  CHECK(rejected);
}
