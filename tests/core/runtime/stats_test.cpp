#include "core/runtime/stats.hpp"

#include <catch2/catch.hpp>

using scops::Stats;

TEST_CASE("a stat is made once and found again by name and labels", "[runtime]") {
  Stats stats;
  stats.counter("a_total", "A.", "x=\"1\"").add(2);
  stats.counter("a_total", "A.", "x=\"1\"").add();
  stats.counter("a_total", "A.", "x=\"2\"").add(7);
  CHECK(stats.counter("a_total", "A.", "x=\"1\"").value() == 3);
  CHECK(stats.counter("a_total", "A.", "x=\"2\"").value() == 7);
}

TEST_CASE("a reference stays valid while further stats are made", "[runtime]") {
  Stats stats;
  scops::Stat& first = stats.counter("first_total", "First.");
  for (int i = 0; i < 1000; ++i) stats.counter("other_total", "Other.", "i=\"" + std::to_string(i) + "\"");
  first.add(5);
  CHECK(stats.counter("first_total", "First.").value() == 5);
}

TEST_CASE("the Prometheus page names each family once, with help and type", "[runtime]") {
  Stats stats;
  stats.gauge("b_bytes", "Bytes.").set(12.5);
  stats.counter("a_total", "Things.", "kind=\"y\"").add();
  stats.counter("a_total", "Things.", "kind=\"x\"").add(1e15);
  CHECK(stats.prometheus() ==
        "# HELP a_total Things.\n"
        "# TYPE a_total counter\n"
        "a_total{kind=\"x\"} 1000000000000000\n"
        "a_total{kind=\"y\"} 1\n"
        "# HELP b_bytes Bytes.\n"
        "# TYPE b_bytes gauge\n"
        "b_bytes 12.5\n");
}
