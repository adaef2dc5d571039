// The same machine with logs in it: what is different, and what must not be.

#include "transport/dispatch/delivery.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/transport/dispatch/rig.hpp"

using scops::Kind;
using scops::RawType;
using scops::Reply;
using scops::Verdict;
using scops::test::minute;
using scops::test::refuses;
using scops::test::reply;
using scops::test::Rig;
using Values = std::vector<double>;

namespace {

struct Told {
  std::string name;
  RawType type;
  double value;
  bool operator==(const Told&) const = default;
};

// Writes down what a delivery tells about itself.
struct Listener {
  std::vector<Told> told;
  scops::SelfMetric self() {
    return [this](std::string_view name, RawType type, double value) {
      told.push_back({std::string(name), type, value});
    };
  }
};

Reply accepted_with(std::uint64_t bytes) {
  Reply good = reply(Verdict::accepted, 202);
  good.bytes = bytes;
  return good;
}

}  // namespace

TEST_CASE("delivery of logs: what waits is sent in the order it came and acked") {
  Rig rig({}, Kind::logs);
  rig.put_logs(5, 3);
  rig.put_logs(1, 2);
  rig.run(2 * minute);
  CHECK(rig.output.requests == std::vector<Values>{{5, 6, 7, 1, 2}});
  CHECK(rig.buffer.blocks.empty());
}

TEST_CASE("delivery of logs: metrics are none of its business, nor logs of theirs") {
  const Kind kind = GENERATE(Kind::logs, Kind::metrics);
  Rig rig({}, kind);
  rig.put(100, 2);
  rig.put_logs(1, 2);
  rig.run(2 * minute);
  const Values own = kind == Kind::logs ? Values{1, 2} : Values{100, 101};
  CHECK(rig.output.requests == std::vector<Values>{own});
  REQUIRE(rig.buffer.blocks.size() == 1);
  CHECK(rig.buffer.blocks[0].kind != kind);
}

TEST_CASE("delivery of logs: at most as many in a request as the output takes (contract: 500)") {
  Rig rig({}, Kind::logs);
  rig.output.limits_now.records = 500;
  rig.put_logs(0, 800);
  rig.put_logs(800, 400);
  rig.run(2 * minute);
  CHECK(rig.output.delivered.size() == 1200);
  for (const Values& request : rig.output.requests) CHECK(request.size() <= 500);
  CHECK(rig.output.requests.size() <= 4);
}

TEST_CASE("delivery of logs: a failed batch is sent again with the same records although more have come") {
  Rig rig({}, Kind::logs);
  rig.put_logs(1, 2);
  rig.output.answer = [](const Values&) { return reply(Verdict::retry, 500); };
  rig.run(2 * minute);
  const auto tries = rig.output.requests.size();
  REQUIRE(tries >= 2);
  rig.put_logs(3);
  rig.output.answer = [](const Values&) { return reply(Verdict::accepted, 202); };
  rig.run(10 * minute);
  for (std::size_t i = 0; i <= tries; ++i) CHECK(rig.output.requests.at(i) == Values{1, 2});
  CHECK(rig.output.requests.back() == Values{3});
}

TEST_CASE("delivery of logs: too large a request is cut until it fits (413)") {
  Rig rig({}, Kind::logs);
  rig.output.answer = [](const Values& values) {
    return values.size() > 30 ? reply(Verdict::too_large, 413) : reply(Verdict::accepted, 202);
  };
  rig.put_logs(0, 100);
  rig.run(2 * minute);
  CHECK(rig.output.delivered.size() == 100);
  CHECK(rig.buffer.blocks.empty());
}

TEST_CASE("delivery of logs: a record that is refused alone is dropped alone") {
  Rig rig({}, Kind::logs);
  rig.output.answer = refuses({37});
  rig.put_logs(0, 50);
  rig.put_logs(50, 50);
  rig.run(2 * minute);
  CHECK(rig.output.delivered.size() == 99);
  CHECK(rig.buffer.blocks.size() == 1);  // the one with the suspect
  for (int i = 0; i < 4; ++i) {
    rig.put_logs(1000 + i);
    rig.run(minute);
  }
  CHECK(rig.buffer.blocks.empty());
  CHECK(rig.output.delivered.size() == 103);
  CHECK(rig.stat("scops_dispatch_dropped_records_total", ",kind=\"logs\",reason=\"refused\"") == 1);
}

TEST_CASE("delivery of logs: however many bad ones there are, the records beside them are sent once") {
  Rig rig({}, Kind::logs);
  rig.output.limits_now.records = 10;
  rig.output.answer = refuses({3, 13, 27});
  for (int i = 0; i < 40; i += 10) rig.put_logs(i, 10);
  rig.run(10 * minute);
  CHECK(rig.output.delivered.size() == 37);
  for (const double value : rig.output.delivered) CHECK(rig.output.delivered.count(value) == 1);
}

TEST_CASE("delivery of logs: a block that is held back hides none, however small requests are by now") {
  Rig rig({}, Kind::logs);
  rig.output.limits_now.records = 100;  // the option was lowered when these blocks had been put
  rig.output.answer = refuses({7});
  rig.put_logs(0, 500);
  rig.put_logs(500, 500);
  rig.run(5 * minute);
  CHECK(rig.output.delivered.size() == 999);
}

TEST_CASE("delivery of logs: an intake that refuses everything loses nothing") {
  Rig rig({}, Kind::logs);
  rig.output.answer = [](const Values&) { return reply(Verdict::refused, 400); };
  for (int i = 0; i < 60; ++i) {
    rig.put_logs(i * 5, 5);
    rig.run(minute);
  }
  CHECK(rig.buffer.blocks.size() == 60);
  rig.output.answer = [](const Values&) { return reply(Verdict::accepted, 202); };
  rig.run(20 * minute);
  CHECK(rig.buffer.blocks.empty());
  CHECK(std::set<double>(rig.output.delivered.begin(), rig.output.delivered.end()).size() == 300);
}

TEST_CASE("delivery of logs: a damaged block is dropped, counted, and holds up nothing") {
  Rig rig({}, Kind::logs);
  rig.put_logs(1, 3);
  rig.put_logs(10, 2);
  rig.buffer.blocks[0].bytes = "rubbish";
  rig.run(2 * minute);
  CHECK(rig.output.requests == std::vector<Values>{{10, 11}});
  CHECK(rig.stat("scops_dispatch_dropped_records_total", ",kind=\"logs\",reason=\"damaged\"") == 3);
}

TEST_CASE("delivery of logs: records of a megabyte are sent a few at a time, in their order") {
  Rig rig({}, Kind::logs);
  for (int i = 1; i <= 20; ++i) {
    // A number that is nearly a megabyte long.
    const std::string text = std::to_string(i) + "." + std::string(scops::log_record_max - 10, '0');
    (void)rig.buffer.put(scops::encode_log_block(std::vector<scops::LogRecord>{{1, text}}));
  }
  rig.run(2 * minute);
  REQUIRE(rig.output.requests.size() > 2);
  double expected = 0;
  for (const Values& request : rig.output.requests) {
    CHECK(request.size() <= 7);
    for (const double value : request) CHECK(value == ++expected);
  }
  CHECK(expected == 20);
  CHECK(rig.buffer.blocks.empty());
}

TEST_CASE("delivery of logs: its stats have a label of their own, and are not there without logs") {
  Rig rig({}, Kind::logs);
  rig.output.answer = [](const Values&) { return accepted_with(321); };
  rig.run(5 * minute);
  rig.stats.visit([](std::string_view name, std::string_view, double) { FAIL_CHECK(name); });
  rig.put_logs(1, 5);
  rig.run(2 * minute);
  CHECK(rig.stat("scops_dispatch_requests_total", ",kind=\"logs\",code=\"202\"") == 1);
  CHECK(rig.stat("scops_dispatch_logs_total", ",kind=\"logs\"") == 5);
  CHECK(rig.stat("scops_dispatch_bytes_total", ",kind=\"logs\"") == 321);
  CHECK(std::isnan(rig.stat("scops_dispatch_points_total")));
}

TEST_CASE("contract, dispatch: accepted logs are told as chouette.dispatched.logs, number and bytes") {
  Listener listener;
  Rig rig({}, Kind::logs, listener.self());
  rig.output.answer = [](const Values&) { return accepted_with(77); };
  rig.put_logs(1, 5);
  rig.run(2 * minute);
  CHECK(listener.told == std::vector<Told>{{"chouette.dispatched.logs.number", RawType::count, 5},
                                           {"chouette.dispatched.logs.bytes", RawType::count, 77}});
}

TEST_CASE("contract, dispatch: the metrics that wait are told before each dispatch, accepted ones after it") {
  Listener listener;
  Rig rig({}, Kind::metrics, listener.self());
  rig.output.limits_now.records = 3;
  rig.output.answer = [](const Values&) { return accepted_with(77); };
  rig.put(1, 3);
  rig.put(4, 2);
  rig.run(2 * minute);
  const std::string number = "chouette.dispatched.metrics.number";
  const std::string bytes = "chouette.dispatched.metrics.bytes";
  CHECK(listener.told == std::vector<Told>{{"chouette.queued.metrics", RawType::gauge, 5},
                                           {number, RawType::count, 3},
                                           {bytes, RawType::count, 77},
                                           {"chouette.queued.metrics", RawType::gauge, 2},
                                           {number, RawType::count, 2},
                                           {bytes, RawType::count, 77}});
}

TEST_CASE("contract, dispatch: nothing is told of what was not accepted, or when nothing waits") {
  Listener listener;
  Rig rig({}, Kind::logs, listener.self());
  rig.run(5 * minute);
  rig.output.answer = [](const Values&) { return reply(Verdict::retry, 500); };
  rig.put_logs(1);
  rig.run(5 * minute);
  CHECK(rig.output.requests.size() > 1);
  CHECK(listener.told.empty());
}
