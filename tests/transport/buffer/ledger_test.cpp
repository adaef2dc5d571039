#include "transport/buffer/ledger.hpp"

#include <catch2/catch.hpp>
#include <vector>

namespace scops {
namespace {

using Ids = std::vector<std::uint64_t>;
using Ranges = std::vector<IdRange>;

// Blocks 1 to `number` of 10 records and 100 bytes each, a second apart.
Ledger ledger_of(std::uint64_t number, std::vector<std::string> outputs = {"a", "b"},
                 const Retention& retention = {}) {
  Ledger ledger(std::move(outputs), retention);
  for (std::uint64_t id = 1; id <= number; ++id) {
    ledger.add({.id = id, .newest = static_cast<TimeMs>(1000 * id), .records = 10, .size = 100});
  }
  return ledger;
}

TEST_CASE("a block is gone when all outputs have acked it", "[buffer][ledger]") {
  Ledger ledger = ledger_of(3);
  CHECK(ledger.ack(0, 2));
  CHECK_FALSE(ledger.ack(0, 2));
  CHECK(ledger.gone().empty());
  CHECK(ledger.ack(1, 2));
  CHECK(ledger.gone() == Ids{2});
  CHECK(ledger.stats().blocks == 2);
  CHECK(ledger.find(2) != nullptr);
  ledger.sweep();
  CHECK(ledger.find(2) == nullptr);
  CHECK_FALSE(ledger.ack(0, 2));
}

TEST_CASE("without outputs nothing is ever done with", "[buffer][ledger]") {
  const Ledger ledger = ledger_of(2, {});
  CHECK(ledger.gone().empty());
  CHECK_FALSE(ledger.output("a"));
}

TEST_CASE("next gives what the output has not acked, up to the number of records", "[buffer][ledger]") {
  Ledger ledger = ledger_of(5);
  (void)ledger.ack(0, 1);
  (void)ledger.ack(0, 3);
  CHECK(ledger.next(0, Kind::metrics, {1000}).ids == Ids{2, 4, 5});
  CHECK_FALSE(ledger.next(0, Kind::metrics, {1000}).more);
  CHECK(ledger.next(0, Kind::metrics, {25}).ids == Ids{2, 4});
  CHECK(ledger.next(0, Kind::metrics, {25}).more);
  CHECK(ledger.next(0, Kind::metrics, {1}).ids == Ids{2});
  CHECK(ledger.next(0, Kind::metrics, {.records = 1}, false).ids.empty());
  CHECK(ledger.next(0, Kind::logs, {1000}).ids.empty());
  CHECK(ledger.next(1, Kind::metrics, {1000}).ids.size() == 5);
}

TEST_CASE("a cursor is a position and what was acked beyond it", "[buffer][ledger]") {
  Ledger ledger = ledger_of(9);
  CHECK(ledger.ranges(0, Kind::metrics, 100) == Ranges{{0, 0}});
  (void)ledger.ack(0, 1);
  CHECK(ledger.ranges(0, Kind::metrics, 100) == Ranges{{0, 1}});
  for (const std::uint64_t id : {4U, 5U, 8U}) (void)ledger.ack(0, id);
  CHECK(ledger.ranges(0, Kind::metrics, 100) == Ranges{{0, 1}, {4, 5}, {8, 8}});
  CHECK(ledger.ranges(0, Kind::metrics, 2) == Ranges{{0, 1}, {4, 5}});
  for (const std::uint64_t id : {2U, 3U, 6U, 7U, 9U}) (void)ledger.ack(0, id);
  CHECK(ledger.ranges(0, Kind::metrics, 100) == Ranges{{0, 9}});
}

TEST_CASE("blocks of other kinds do not break the ranges of a cursor", "[buffer][ledger]") {
  Ledger ledger({"a"});
  for (std::uint64_t id = 1; id <= 10; ++id) {
    ledger.add({.id = id, .records = 1, .size = 1, .kind = id % 2 == 0 ? Kind::logs : Kind::metrics});
  }
  for (const std::uint64_t id : {1U, 5U, 7U, 9U}) (void)ledger.ack(0, id);
  CHECK(ledger.ranges(0, Kind::metrics, 100) == Ranges{{0, 2}, {4, 10}});
  CHECK(ledger.ranges(0, Kind::logs, 100) == Ranges{{0, 1}});
}

TEST_CASE("a cursor read back acks the same blocks", "[buffer][ledger]") {
  Ledger ledger = ledger_of(20);
  for (const std::uint64_t id : {1U, 2U, 5U, 9U, 10U, 20U}) (void)ledger.ack(0, id);
  Ledger again = ledger_of(20);
  for (const IdRange& range : ledger.ranges(0, Kind::metrics, 100)) again.ack_range(0, Kind::metrics, range);
  CHECK(again.next(0, Kind::metrics, {1000}).ids == ledger.next(0, Kind::metrics, {1000}).ids);
}

TEST_CASE("a gone block counts as acked by everyone", "[buffer][ledger]") {
  Ledger ledger = ledger_of(3);
  CHECK(ledger.retire(2) == 10);
  CHECK(ledger.retire(2) == 0);
  CHECK(ledger.next(0, Kind::metrics, {1000}).ids == Ids{1, 3});
  CHECK(ledger.ranges(1, Kind::metrics, 100) == Ranges{{0, 0}, {2, 2}});
}

TEST_CASE("blocks older than their kind may be are gone, wherever they stand", "[buffer][ledger]") {
  const Retention retention = {
      .bytes_max = 0, .metric_ttl = std::chrono::seconds(10), .log_ttl = std::chrono::seconds(20)};
  Ledger ledger = ledger_of(5, {"a", "b"}, retention);
  ledger.add({.id = 6, .newest = 500, .records = 1, .size = 1});
  ledger.add({.id = 7, .newest = 500, .records = 1, .size = 1, .kind = Kind::logs});
  CHECK(ledger.expire(12500).old == 21);
  CHECK(ledger.gone() == Ids{1, 2, 6});
  CHECK(ledger.expire(12500).old == 0);
}

TEST_CASE("the oldest blocks are in the way of new ones", "[buffer][ledger]") {
  Ledger ledger = ledger_of(5);
  (void)ledger.retire(1);
  CHECK(ledger.in_the_way(100, 500).empty());
  CHECK(ledger.in_the_way(101, 500) == Ids{2});
  CHECK(ledger.in_the_way(300, 500) == Ids{2, 3});
  CHECK(ledger.in_the_way(9999, 500) == Ids{2, 3, 4, 5});
}

TEST_CASE("ids go on from where they were reserved", "[buffer][ledger]") {
  Ledger ledger = ledger_of(3);
  CHECK(ledger.next_id() == 4);
  ledger.reserve_ids(2);
  CHECK(ledger.next_id() == 4);
  ledger.reserve_ids(40);
  CHECK(ledger.next_id() == 40);
  CHECK(ledger.stats().oldest == 1000);
}

}  // namespace
}  // namespace scops
