// What nobody can use is dropped alone, counted, and never in the way of the rest (CHOUETTE.md, 2).
#include <catch2/catch.hpp>

#include "collectors/listen/chouette/flaw.hpp"
#include "collectors/listen/chouette/orphans.hpp"
#include "tests/collectors/chouette/queues.hpp"
#include "tests/support/captured_log.hpp"

using namespace scops;
using namespace scops::test;

namespace {

constexpr TimeMs minute = 60'000;

// Kinds of bad records, most of which end the Python agent.
const std::vector<std::string>& bad_records() {
  static const std::vector<std::string> records{
      "",
      "not json",
      "{\"metric\":\"m\"",
      "\xFF\xFE\x80",
      std::string("\0\0", 2),
      "null",
      "17",
      "\"text\"",
      "[]",
      std::string(2000, '[') + std::string(2000, ']'),
      R"({"metric":"m","type":"gauge","value":1,"x":)" + std::string(2000, '[') + std::string(2000, ']') +
          "}",
      "{}",
      R"({"type":"gauge","value":1})",
      R"({"metric":"m","value":1})",
      R"({"metric":"m","type":"gauge"})",
      R"({"metric":null,"type":"gauge","value":1})",
      R"({"metric":["m"],"type":"gauge","value":1})",
      R"({"metric":"m","type":["gauge"],"value":1})",
      R"({"metric":"m","type":"gauge","value":null})",
      R"({"metric":"m","type":"gauge","value":"1"})",
      R"({"metric":"m","type":"count","value":[1]})",
      R"({"metric":"m","type":"count","value":{"a":1}})",
      R"({"metric":"m","type":"gauge","value":NaN})",
      R"({"metric":"m","type":"histogram","value":Infinity})",
      R"({"metric":"m","type":"rate","value":1e999})",
      R"({"metric":"m","type":"gauge","value":1,"timestamp":"now"})",
      R"({"metric":"m","type":"gauge","value":1,"timestamp":NaN})",
      R"({"metric":"m","type":"gauge","value":1,"timestamp":1700000000000})",
  };
  return records;
}

}  // namespace

TEST_CASE("28 kinds of bad records are dropped alone and leave the good ones of their window") {
  Queues queues;
  REQUIRE(bad_records().size() == 28);
  for (std::size_t i = 0; i < bad_records().size(); ++i) {
    queues.add(raw, fmt::format("bad{}", i), closed_window + 1, bad_records()[i]);
    queues.add(raw, fmt::format("good{}", i), closed_window + 1, gauge(fmt::format("good{}", i)));
  }
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 28);
  CHECK(queues.empty(raw));
  double dropped = 0;
  for (std::size_t i = 1; i < chouette::flaw_count; ++i) {
    dropped += queues.dropped("metrics:raw", to_string(static_cast<chouette::Flaw>(i)));
  }
  CHECK(dropped == 28);
  CHECK(queues.dropped("metrics:raw", "not_json") == 7);
}

TEST_CASE("bad wrapped records and logs are dropped alone too") {
  Queues queues;
  for (std::size_t i = 0; i < bad_records().size(); ++i) {
    queues.add(wrapped, fmt::format("bad{}", i), closed_window, bad_records()[i]);
  }
  queues.add(wrapped, "x-good", closed_window, R"({"metric":"g","points":[[1,1]],"type":"gauge"})");
  queues.add(logs, "bad", closed_window, "[]");
  queues.add(logs, "bad2", closed_window, "{\"a\":\"\xFF\"}");
  queues.add(logs, "good", closed_window, R"({"message":"m"})");
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 2);
  CHECK(queues.empty(wrapped));
  CHECK(queues.empty(logs));
  CHECK(queues.dropped("logs:wrapped", "no_object") == 1);
  CHECK(queues.dropped("logs:wrapped", "not_utf8") == 1);
}

TEST_CASE("each kind of bad record is logged once, short and printable") {
  Queues queues;
  const CapturedLog log;
  for (int i = 0; i < 50; ++i) {
    queues.add(raw, fmt::format("bad{}", i), closed_window + 1,
               "{\"tags\":{\"k\":\"once per kind\x7F" + std::string(5000, '.') +
                   R"("},"metric":"m","type":"gauge","value":1})");
  }
  REQUIRE(queues.drain());
  CHECK(CapturedLog::count("once per kind?") == 1);
  CHECK(CapturedLog::count(std::string(100, '.')) == 0);
  CHECK(queues.dropped("metrics:raw", "tags") == 50);
}

TEST_CASE("expired records go first, scores below 0 and minus infinity are expired") {
  Queues queues;
  queues.key(raw, "a", "-inf");
  queues.key(raw, "b", "-5");
  queues.add(raw, "c", 0, gauge("old"));
  queues.add(raw, "d", 1'700'000'005 - 14'401, gauge("old"));
  queues.add(raw, "e", 1'700'000'005 - 14'399, gauge("just not"));
  queues.add(logs, "f", 1'700'000'005 - 64'801, "{}");
  queues.add(logs, "g", 1'700'000'005 - 64'799, "{}");
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 2);
  CHECK(queues.empty(raw));
  CHECK(queues.empty(logs));
  CHECK(queues.dropped("metrics:raw", "age") == 4);
  CHECK(queues.dropped("logs:wrapped", "age") == 1);
}

TEST_CASE("a large number of expired records goes in one round") {
  Queues queues;
  queues.add_many(raw, 12000, [](std::size_t i) {
    return Records::Record{uuid(i), "1600000000", gauge("old")};
  });
  REQUIRE(queues.drain());
  CHECK(queues.empty(raw));
  CHECK(queues.dropped("metrics:raw", "age") == 12000);
}

TEST_CASE("scores more than a day ahead are junk, others ahead wait for their window") {
  Queues queues;
  queues.add(raw, "a", 1.7e12, gauge("milliseconds"));
  queues.key(raw, "b", "+inf");
  queues.add(raw, "c", 1'700'000'000 + 80'000, gauge("tomorrow"));
  queues.add(raw, "d", closed_window, R"({"metric":"m","type":"gauge","value":1,"timestamp":1800000000})");
  REQUIRE(queues.drain());
  CHECK(queues.keys(raw) == "1");
  CHECK(queues.dropped("metrics:raw", "future") == 3);
  queues.clock.advance(81'000'000);
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 1);
  CHECK(queues.empty(raw));
}

TEST_CASE("a key without a value waits one more interval for its client, then it is dropped") {
  Queues queues;
  queues.key(raw, "a", fmt::format("{}", closed_window));
  queues.add(raw, "b", closed_window, gauge("whole"));
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 1);
  CHECK(queues.keys(raw) == "1");
  queues.clock.set_wall(1'700'000'010'499);
  REQUIRE(queues.drain());
  CHECK(queues.keys(raw) == "1");
  queues.clock.set_wall(1'700'000'010'500);
  REQUIRE(queues.drain());
  CHECK(queues.keys(raw) == "0");
  CHECK(queues.dropped("metrics:raw", "no_value") == 1);
}

TEST_CASE("a value that comes after its key's window was moved is not lost") {
  Queues queues;
  queues.key(raw, "a", fmt::format("{}", closed_window));
  REQUIRE(queues.drain());
  queues.value(raw, "a", gauge("late"));
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 1);
  CHECK(queues.empty(raw));
}

TEST_CASE("a value without a key stays until it is older than the TTL by its own time") {
  Queues queues;
  queues.value(raw, "old", R"({"metric":"m","timestamp":1699985000})");
  queues.value(raw, "young", R"({"metric":"m","timestamp":1700000000})");
  queues.value(wrapped, "old", R"({"metric":"m","points":[[1699985000,1]]})");
  queues.value(logs, "old", R"({"date":"2023-11-13T00:00:00"})");
  queues.value(logs, "young", R"({"date":"2023-11-14T22:00:00"})");
  REQUIRE(queues.drain());
  CHECK(queues.values(raw) == "1");
  CHECK(queues.values(wrapped) == "0");
  CHECK(queues.values(logs) == "1");
  CHECK(queues.dropped("metrics:raw", "no_key") == 1);
  queues.clock.advance(14'400'000);
  REQUIRE(queues.drain());
  CHECK(queues.values(raw) == "0");
}

TEST_CASE("a value without a key and a readable time goes a TTL after it was first seen") {
  Queues queues;
  queues.value(raw, "a", "no json");
  queues.value(raw, "b", R"({"metric":"m","timestamp":9900000000})");
  REQUIRE(queues.drain());
  queues.clock.advance(14'400'000);
  REQUIRE(queues.drain());
  CHECK(queues.values(raw) == "2");
  queues.clock.advance(minute);
  REQUIRE(queues.drain());
  CHECK(queues.values(raw) == "0");
}

TEST_CASE("values without a key and a readable time go also where there are more than are remembered") {
  Queues queues;
  constexpr std::size_t beyond = 200;
  queues.add_many(raw, chouette::Orphans::remembered_max + beyond, [](std::size_t i) {
    return Records::Record{uuid(i), fmt::format("{}", open_window + 1), "no json"};
  });
  queues.run({"DEL", "chouette:metrics:raw.keys"});
  constexpr int pass = 20;  // rounds in which all values are looked at
  for (int round = 0; round < pass; ++round) REQUIRE(queues.drain());
  queues.clock.advance(14'400'000 + minute);
  for (int round = 0; round < pass; ++round) REQUIRE(queues.drain());
  CHECK(queues.dropped("metrics:raw", "no_key") >= chouette::Orphans::remembered_max);
  queues.clock.advance(14'400'000 + minute);
  for (int round = 0; round < pass; ++round) REQUIRE(queues.drain());
  CHECK(queues.values(raw) == "0");
}

TEST_CASE("values without keys are found among many that have one, a part a round") {
  Queues queues;
  queues.add_many(raw, 3000, [](std::size_t i) {
    return Records::Record{uuid(i), fmt::format("{}", open_window + 1), R"({"metric":"m","timestamp":1000})"};
  });
  queues.value(raw, "a", R"({"timestamp":1000})");
  for (int round = 0; round < 10 && queues.values(raw) != "3000"; ++round) REQUIRE(queues.drain());
  CHECK(queues.values(raw) == "3000");
  CHECK(queues.keys(raw) == "3000");
}

TEST_CASE("keys of another type are moved aside and expire, and clients can go on") {
  Queues queues;
  queues.run({"SET", "chouette:metrics:raw.keys", "x"});
  queues.run({"RPUSH", "chouette:metrics:raw.values", "x"});
  queues.add(logs, "a", closed_window, "{}");
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 1);
  CHECK(queues.run({"TYPE", "chouette:metrics:raw.keys.foreign"}) == "string");
  CHECK(queues.run({"TYPE", "chouette:metrics:raw.values.foreign"}) == "list");
  CHECK(queues.run({"TTL", "chouette:metrics:raw.keys.foreign"}) == "14400");
  CHECK(queues.stat("scops_chouette_foreign_keys_total", R"(queue="metrics:raw")") == 2);
  queues.add(raw, "b", closed_window, gauge("m"));
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 2);
}

TEST_CASE("records that are too large are dropped") {
  Queues queues;
  const std::string fill(70'000, 'x');
  queues.add(raw, "a", closed_window, R"({"metric":"m","type":"gauge","value":1,"x":")" + fill + "\"}");
  queues.add(raw, "b", closed_window, gauge("small"));
  queues.add(logs, "c", closed_window, "{\"m\":\"" + fill + "\"}");
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 2);
  CHECK(queues.dropped("metrics:raw", "too_large") == 1);
  CHECK(queues.empty(raw));
}

TEST_CASE("what is larger together than a reply may be is read in parts, and monsters are dropped unread") {
  Queues queues;
  const std::string fill(60'000, 'x');
  const std::string large = R"({"metric":"m","type":"gauge","value":1,"x":")" + fill + "\"}";
  for (int i = 0; i < 100; ++i) queues.add(raw, fmt::format("{}", i), closed_window, large);
  queues.add(raw, "monster", closed_window, std::string(9U << 20U, ' '));
  queues.key(raw, "none", fmt::format("{}", closed_window));
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 100);
  CHECK(queues.dropped("metrics:raw", "too_large") == 1);
  CHECK(queues.keys(raw) == "1");
}

TEST_CASE("ids too long for one reply are read in smaller pages") {
  Queues queues;
  for (char c = 'a'; c < 'k'; ++c) queues.add(raw, std::string(600'000, c), closed_window, gauge("long"));
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 10);
  CHECK(queues.empty(raw));
}

TEST_CASE("a key whose id alone is more than a reply may be does not block the queue") {
  Queues queues;
  queues.key(raw, std::string(5U << 20U, 'k'), "1699999991");
  queues.add(raw, "a", closed_window, gauge("before"));
  queues.add(raw, "z", closed_window + 2, gauge("behind"));
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 2);
  CHECK(queues.keys(raw) == "0");
}

TEST_CASE("a value without a key that is more than a reply may be goes too") {
  Queues queues;
  queues.value(logs, "monster", std::string(9U << 20U, 'x'));
  queues.value(logs, "young", R"({"date":"2023-11-15T16:00:00"})");
  REQUIRE(queues.drain());
  CHECK(queues.values(logs) == "2");
  queues.clock.advance(64'800'001);
  REQUIRE(queues.drain());
  CHECK(queues.dropped("logs:wrapped", "no_key") == 1);
  CHECK(queues.values(logs) == "1");
}
