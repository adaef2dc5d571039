// Errors of Redis and of the buffer, other agents, a full Redis: nothing is lost, and nothing is there twice
// but where the page says so.
#include <catch2/catch.hpp>
#include <memory>
#include <optional>

#include "core/model/text.hpp"
#include "tests/collectors/chouette/queues.hpp"

using namespace scops;
using namespace scops::test;

namespace {

std::int64_t milliseconds(const std::string& text) { return to_int(text).value_or(0); }

}  // namespace

TEST_CASE("a commit that is refused leaves everything for the next round") {
  Queues queues;
  queues.add(raw, "a", closed_window, gauge("m"));
  queues.add(raw, "b", closed_window, "bad");
  queues.intake.refuse = true;
  CHECK_FALSE(queues.drain());
  CHECK(queues.run({"ZSCORE", "chouette:metrics:raw.keys", "a"}) == "1699999990");
  queues.intake.refuse = false;
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 1);
  CHECK(queues.empty(raw));
  CHECK(queues.dropped("metrics:raw", "not_json") == 1);
}

TEST_CASE("after a commit of logs that failed fewer are committed, until one succeeds") {
  Queues queues;
  queues.add_many(logs, 900, [](std::size_t i) { return Records::Record{uuid(i), "1700000004.5", "{}"}; });
  queues.intake.refuse = true;
  CHECK_FALSE(queues.drain());
  queues.intake.refuse = false;
  REQUIRE(queues.drain());
  CHECK(queues.intake.sizes == std::vector<std::size_t>{250, 500, 150});
}

TEST_CASE("a commit whose answer got lost is not made a second time") {
  Queues queues;
  queues.add(raw, "a", closed_window, gauge("m"));
  queues.intake.lose_answer = true;
  CHECK_FALSE(queues.drain());
  queues.intake.lose_answer = false;
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 1);
  CHECK(queues.empty(raw));
  CHECK(queues.taken("metrics:raw") == 1);
  CHECK(queues.intake.recounted == 1);
}

TEST_CASE("what was dropped counts once, also when its erasure fails midway") {
  Queues queues;
  queues.add(raw, "bad", closed_window, "bad");
  queues.add(raw, "expired", 1'600'000'000, gauge("old"));
  queues.run({"ACL", "SETUSER", "default", "-hdel"});
  CHECK_FALSE(queues.drain());  // the key goes, the value stays
  CHECK_FALSE(queues.drain());
  queues.run({"ACL", "SETUSER", "default", "+hdel"});
  REQUIRE(queues.drain());
  CHECK(queues.empty(raw));
  CHECK(queues.dropped("metrics:raw", "age") == 1);
  CHECK(queues.dropped("metrics:raw", "not_json") == 1);
  CHECK(queues.dropped("metrics:raw", "no_key") == 0);
}

TEST_CASE("a commit that did not happen is not counted") {
  Queues queues;
  queues.add(raw, "a", closed_window, gauge("m"));
  queues.intake.refuse = true;
  CHECK_FALSE(queues.drain());
  CHECK_FALSE(queues.drain());
  CHECK(queues.taken("metrics:raw") == 0);
  queues.intake.refuse = false;
  REQUIRE(queues.drain());
  CHECK(queues.taken("metrics:raw") == 1);
  CHECK(queues.intake.recounted == 0);
}

TEST_CASE("a queue that cannot be committed does not keep the others waiting") {
  Queues queues;
  queues.add(raw, "a", closed_window, gauge("m"));
  queues.add(logs, "b", closed_window, "{}");
  queues.intake.refuse = true;
  queues.intake.before_commit = [&] { queues.intake.refuse = queues.intake.guards.size() == 1; };
  CHECK_FALSE(queues.drain());
  CHECK(queues.empty(logs));
  CHECK(queues.keys(raw) == "1");
}

TEST_CASE("what another store has made durable is erased before anything else is read") {
  Queues queues;
  queues.intake.together = false;
  queues.add(raw, "a", closed_window, gauge("m"));
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 1);
  CHECK(queues.empty(raw));
}

TEST_CASE("an erasure that fails after the commit is made up for before anything is read again") {
  Queues queues({.appendonly = true, .arguments = {"--appendfsync", "always"}});
  queues.intake.together = false;
  queues.add(raw, "a", closed_window, gauge("m"));
  queues.intake.before_commit = [&] { queues.server.kill(); };
  CHECK_FALSE(queues.drain());
  queues.intake.before_commit = {};
  CHECK(queues.intake.lines.size() == 1);
  queues.clock.advance(1);
  CHECK_FALSE(queues.drain());
  queues.server.start();
  queues.clock.advance(60'000);
  CHECK(queues.keys(raw) == "1");
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 1);
  CHECK(queues.empty(raw));
}

TEST_CASE("Redis absent at the start is waited for, one that goes away too") {
  Queues queues({.appendonly = true, .arguments = {"--appendfsync", "always"}});
  queues.add(raw, "a", closed_window, gauge("m"));
  queues.server.kill();
  CHECK_FALSE(queues.drain());
  queues.clock.advance(10'000);
  CHECK_FALSE(queues.drain());
  queues.server.start();
  queues.clock.advance(10'000);
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 1);
  queues.server.kill();
  CHECK_FALSE(queues.drain());
}

TEST_CASE("a failed read is not taken for no values") {
  Queues queues;
  queues.add(raw, "a", closed_window, gauge("m"));
  queues.clock.advance(60'000);  // the key is old enough to be dropped without a value
  queues.run({"ACL", "SETUSER", "default", "-hmget"});
  const Status status = queues.drain();
  REQUIRE_FALSE(status);
  CHECK(status.error().text.find("NOPERM") != std::string::npos);
  CHECK(queues.keys(raw) == "1");
  queues.run({"ACL", "SETUSER", "default", "+hmget"});
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 1);
}

TEST_CASE("at its memory limit Redis still gets rid of expired, dropped and committed records") {
  Queues queues;
  queues.add(raw, "expired", 1'600'000'000, gauge("old"));
  queues.add(raw, "bad", closed_window, "bad");
  queues.add(raw, "good", closed_window, gauge("m"));
  queues.run({"CONFIG", "SET", "maxmemory", "1mb"});
  SECTION("with the buffer elsewhere") {
    queues.intake.together = false;
    REQUIRE(queues.drain());
    CHECK(queues.intake.lines.size() == 1);
    CHECK(queues.empty(raw));
    CHECK(queues.intake.guards == std::vector<std::string>{"="});
  }
  SECTION("with the buffer in it, what is good stays") {
    CHECK_FALSE(queues.drain());
    CHECK(queues.keys(raw) == "1");
    CHECK(queues.values(raw) == "1");
  }
  CHECK(queues.dropped("metrics:raw", "age") == 1);
  CHECK(queues.dropped("metrics:raw", "not_json") == 1);
}

TEST_CASE("another agent's lease keeps us off until it ends") {
  Queues queues;
  queues.add(raw, "a", closed_window, gauge("m"));
  queues.run({"SET", "chouette:scops.lease", "other", "PX", "60000"});
  REQUIRE(queues.drain());
  CHECK(queues.intake.guards.empty());
  CHECK(queues.keys(raw) == "1");
  queues.run({"DEL", "chouette:scops.lease"});
  REQUIRE(queues.drain());
  REQUIRE(queues.intake.guards.size() == 1);
  CHECK(queues.intake.guards[0].starts_with("chouette:scops.lease=here#"));
  CHECK(queues.empty(raw));
}

TEST_CASE("a lease lasts a window and 5 s, and is prolonged by each round") {
  Queues queues;
  REQUIRE(queues.drain());
  CHECK(milliseconds(queues.run({"PTTL", "chouette:scops.lease"})) > 14'000);
  queues.run({"PEXPIRE", "chouette:scops.lease", "5000"});
  REQUIRE(queues.drain());
  CHECK(milliseconds(queues.run({"PTTL", "chouette:scops.lease"})) > 14'000);
}

TEST_CASE("a lease without an end gets one") {
  Queues queues;
  queues.run({"SET", "chouette:scops.lease", "other"});
  REQUIRE(queues.drain());
  CHECK(milliseconds(queues.run({"PTTL", "chouette:scops.lease"})) > 0);
}

TEST_CASE("a restarted agent of the same name takes its lease at once") {
  Queues queues;
  REQUIRE(queues.drain());
  queues.restart();
  queues.add(raw, "a", closed_window, gauge("m"));
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 1);
}

TEST_CASE("closing gives the lease back, but only our own") {
  Queues queues;
  REQUIRE(queues.drain());
  REQUIRE(queues.drain(true));
  CHECK(queues.run({"EXISTS", "chouette:scops.lease"}) == "0");
  queues.run({"SET", "chouette:scops.lease", "other", "PX", "60000"});
  REQUIRE(queues.drain(true));
  CHECK(queues.run({"GET", "chouette:scops.lease"}) == "other");
}

TEST_CASE("a lease that was lost in the middle of a round ends it") {
  Queues queues;
  queues.add(raw, "a", closed_window - 20, gauge("first"));
  queues.add(raw, "b", closed_window, gauge("second"));
  queues.intake.before_commit = [&] {
    queues.clock.advance(8000);
    queues.run({"SET", "chouette:scops.lease", "other", "PX", "60000"});
  };
  SECTION("by the guard of the transaction") {
    CHECK_FALSE(queues.drain());
    CHECK(queues.intake.lines.empty());
    CHECK(queues.keys(raw) == "2");
  }
  SECTION("before the next commit") {
    queues.intake.together = false;
    CHECK_FALSE(queues.drain());
    CHECK(queues.intake.lines.size() == 1);
    CHECK(queues.keys(raw) == "1");
  }
}

TEST_CASE("a key of another type in the lease's place is moved aside") {
  Queues queues;
  queues.run({"RPUSH", "chouette:scops.lease", "x"});
  queues.add(raw, "a", closed_window, gauge("m"));
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 1);
}
