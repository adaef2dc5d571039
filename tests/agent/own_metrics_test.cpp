#include "agent/own_metrics.hpp"

#include <catch2/catch.hpp>

namespace scops::test {

namespace {

struct Reported {
  std::string name;
  RawType type;
  double value;
  std::vector<std::string> tags;
};

std::vector<Reported> report(OwnMetrics& metrics) {
  std::vector<Reported> all;
  metrics.report(1000, [&all](const RawSample& sample) {
    all.push_back(
        {std::string(sample.name), sample.type, sample.value, {sample.tags.begin(), sample.tags.end()}});
  });
  return all;
}

}  // namespace

TEST_CASE("a counter is reported as what it grew by, and not at all when it did not grow", "[agent]") {
  Stats stats;
  Stat& dropped = stats.counter("scops_buffer_dropped_records_total", "", "reason=\"age\"");
  OwnMetrics metrics({"scops.*"}, stats);
  dropped.add(5);
  const auto first = report(metrics);
  REQUIRE(first.size() == 1);
  CHECK(first[0].name == "scops.buffer.dropped_records");
  CHECK(first[0].type == RawType::count);
  CHECK(first[0].value == 5);
  CHECK(first[0].tags == std::vector<std::string>{"reason:age"});
  CHECK(report(metrics).empty());
  dropped.add(2);
  CHECK(report(metrics).at(0).value == 2);
}

TEST_CASE("a gauge is reported as it is, 0 too", "[agent]") {
  Stats stats;
  stats.gauge("process_resident_memory_bytes", "").set(0);
  OwnMetrics metrics({"scops.process.*"}, stats);
  const auto all = report(metrics);
  REQUIRE(all.size() == 1);
  CHECK(all[0].name == "scops.process.resident_memory_bytes");
  CHECK(all[0].type == RawType::gauge);
  CHECK(all[0].value == 0);
}

TEST_CASE("only what was asked for is reported", "[agent]") {
  Stats stats;
  stats.gauge("scops_buffer_records", "");
  stats.gauge("scops_buffer_blocks", "");
  OwnMetrics metrics({"scops.buffer.records"}, stats);
  CHECK(report(metrics).size() == 1);
  OwnMetrics none({}, stats);
  CHECK(report(none).empty());
}

TEST_CASE("labels of a stat become tags", "[agent]") {
  CHECK(OwnMetrics::tags("output=\"datadog\",code=\"202\"") ==
        std::vector<std::string>{"output:datadog", "code:202"});
  CHECK(OwnMetrics::tags("").empty());
  CHECK(OwnMetrics::metric_name("scops_info") == "scops.info");
}

}  // namespace scops::test
