#include "transport/dispatch/delivery.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <stop_token>
#include <vector>

#include "tests/transport/dispatch/rig.hpp"
#include "transport/dispatch/release.hpp"

using namespace std::chrono_literals;
using scops::Reply;
using scops::Verdict;
using scops::test::always;
using scops::test::hour;
using scops::test::minute;
using scops::test::reply;
using scops::test::Rig;
using Values = std::vector<double>;

TEST_CASE("delivery: what waits is sent at the release time as one request and acked") {
  Rig rig;
  rig.put(1, 3);
  rig.put(4, 2);
  const auto wait = scops::until_release(rig.clock.wall(), 60s, scops::release_offset("h", 60s));
  rig.due = rig.step();
  CHECK(rig.output.requests.empty());
  CHECK(rig.next() == wait.count());
  CHECK(rig.output.requests == std::vector<Values>{{1, 2, 3, 4, 5}});
  CHECK(rig.buffer.blocks.empty());
}

TEST_CASE("delivery: nothing waiting sends nothing and reads once an interval") {
  Rig rig;
  rig.run(10 * minute);
  CHECK(rig.output.requests.empty());
  CHECK(rig.buffer.reads == 10);
}

TEST_CASE("delivery: releases keep their pace while the wall clock steps") {
  Rig rig;
  const auto step_to =
      GENERATE(scops::TimeMs{0}, scops::TimeMs{1'600'000'000'000}, scops::TimeMs{1'900'000'012'345});
  rig.run(3 * minute);
  const int before = rig.buffer.reads;
  rig.clock.set_wall(step_to);
  rig.run(10 * minute);
  CHECK(rig.buffer.reads - before >= 10);
  CHECK(rig.buffer.reads - before <= 11);
}

TEST_CASE("delivery: a request may take what the caller says") {
  Rig rig;
  rig.put(1);
  rig.run(2 * minute);
  CHECK(rig.output.timeouts == std::vector<std::chrono::milliseconds>{48s});
}

TEST_CASE("contract 4, correction: a backlog is drained at once, but not above the rate") {
  Rig rig;
  rig.output.limits_now.records = 10;
  for (int i = 0; i < 20; ++i) rig.put(i * 10, 10);
  rig.run(minute);  // the first release is somewhere in it
  rig.run(11'000);
  CHECK(rig.buffer.blocks.empty());
  CHECK(rig.output.requests.size() == 20);
  CHECK(rig.output.delivered.size() == 200);
}

TEST_CASE("delivery: requests of a backlog keep their distance") {
  scops::DispatchSettings settings;
  settings.rate_max = 4;
  Rig rig(settings);
  rig.output.limits_now.records = 10;
  for (int i = 0; i < 5; ++i) rig.put(i * 10, 10);
  rig.due = rig.step();
  (void)rig.next();
  for (int i = 0; i < 4; ++i) {
    const auto before = rig.clock.steady();
    const auto sent = rig.output.requests.size();
    while (rig.output.requests.size() == sent) (void)rig.next();
    CHECK(rig.clock.steady() - before == 250);
  }
}

TEST_CASE("delivery: a block above the output's limit goes in pieces and is acked after the last") {
  Rig rig;
  rig.output.limits_now.records = 4;
  rig.put(1, 10);
  rig.due = rig.step();
  (void)rig.next();
  CHECK(rig.buffer.blocks.size() == 1);
  rig.run(minute);
  CHECK(rig.output.requests == std::vector<Values>{{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10}});
  CHECK(rig.buffer.blocks.empty());
}

TEST_CASE("delivery: a failed batch is sent again with the same content although more has come") {
  Rig rig;
  rig.put(1, 2);
  rig.output.answer = always(reply(Verdict::retry, 500));
  rig.run(2 * minute);
  const auto tries = rig.output.requests.size();
  REQUIRE(tries >= 2);
  rig.put(3, 2);
  rig.output.answer = always(reply(Verdict::accepted, 202));
  rig.run(10 * minute);
  REQUIRE(rig.output.requests.size() == tries + 2);
  for (std::size_t i = 0; i <= tries; ++i) CHECK(rig.output.requests[i] == Values{1, 2});
  CHECK(rig.output.requests.back() == Values{3, 4});
}

TEST_CASE("delivery: a failed batch goes on without the blocks that have expired") {
  Rig rig;
  rig.put(1);
  rig.put(2);
  rig.output.answer = always(reply(Verdict::retry));
  rig.run(minute);
  rig.buffer.blocks.erase(rig.buffer.blocks.begin());
  rig.output.answer = always(reply(Verdict::accepted, 202));
  rig.run(10 * minute);
  CHECK(rig.output.requests.back() == Values{2});
  CHECK(rig.buffer.blocks.empty());
}

TEST_CASE("delivery: a batch that has expired as a whole makes room for the next") {
  Rig rig;
  rig.put(1);
  rig.output.answer = always(reply(Verdict::retry));
  rig.run(minute);
  rig.buffer.blocks.clear();
  rig.put(2);
  rig.output.answer = always(reply(Verdict::accepted, 202));
  rig.run(10 * minute);
  CHECK(rig.output.requests.back() == Values{2});
}

TEST_CASE("delivery: an outage is met with longer and longer waits, and a success ends it") {
  Rig rig;
  rig.put(1);
  rig.output.answer = always(reply(Verdict::retry));
  rig.run(24 * hour);
  const auto tries = rig.output.requests.size();
  CHECK(tries > 24 * 60 / 5);
  CHECK(tries < 24 * 60 / 5 * 3);
  CHECK(rig.buffer.blocks.size() == 1);
  rig.output.answer = always(reply(Verdict::accepted, 202));
  rig.run(6 * minute);
  CHECK(rig.buffer.blocks.empty());
  rig.output.answer = always(reply(Verdict::retry));
  rig.put(2);
  rig.run(minute);
  CHECK(rig.output.requests.size() > tries + 2);  // soon again: the waits have started anew
}

TEST_CASE("delivery: Retry-After is obeyed") {
  Rig rig;
  rig.put(1);
  Reply busy = reply(Verdict::throttled, 429);
  busy.retry_after = 100s;
  rig.output.answer = always(busy);
  rig.due = rig.step();
  (void)rig.next();
  rig.output.answer = always(reply(Verdict::accepted, 202));
  CHECK(rig.next() >= 100'000);
  CHECK(rig.buffer.blocks.empty());
}

TEST_CASE("delivery: an unauthorized output keeps everything and asks again after minutes") {
  Rig rig;
  rig.put(1);
  rig.output.answer = always(reply(Verdict::unauthorized, GENERATE(401, 403)));
  rig.run(hour);
  CHECK(rig.output.requests.size() >= 12);
  CHECK(rig.output.requests.size() <= 30);
  CHECK(rig.buffer.blocks.size() == 1);
  rig.output.answer = always(reply(Verdict::accepted, 202));
  rig.run(6 * minute);
  CHECK(rig.buffer.blocks.empty());
}

TEST_CASE("delivery: a block that cannot be decoded is dropped, counted, and holds up nothing") {
  Rig rig;
  rig.put(1, 3);
  rig.buffer.blocks[0].bytes = "rubbish";
  SECTION("alone") {}
  SECTION("with others") { rig.put(10, 2); }
  rig.run(2 * minute);
  CHECK(rig.buffer.blocks.empty());
  CHECK(rig.stat("scops_dispatch_dropped_records_total", ",reason=\"damaged\"") == 3);
}

TEST_CASE("delivery: a buffer that cannot be read is asked again later") {
  Rig rig;
  rig.put(1);
  rig.buffer.read_fails = true;
  rig.run(hour);
  CHECK(rig.output.requests.empty());
  rig.buffer.read_fails = false;
  rig.run(6 * minute);
  CHECK(rig.output.requests.size() == 1);
}

TEST_CASE("delivery: a buffer that could not be read for long costs the intake no patience") {
  Rig rig;
  rig.put(1);
  rig.buffer.read_fails = true;
  rig.run(hour);
  rig.buffer.read_fails = false;
  rig.output.answer = always(reply(Verdict::retry));
  while (rig.output.requests.empty()) (void)rig.next();
  CHECK(rig.due - rig.clock.steady() <= 1000);
  CHECK(rig.stat("scops_dispatch_retries_total") == 0);
}

TEST_CASE("delivery: a store that cannot note the acks does not hold up what can be sent") {
  Rig rig;
  rig.buffer.ack_fails = true;
  rig.put(1);
  rig.run(2 * minute);
  rig.put(2);
  rig.run(2 * minute);
  REQUIRE(rig.output.requests.size() == 2);
  CHECK(rig.output.requests[0] == Values{1});
  CHECK(rig.output.requests[1] == Values{2});
}

TEST_CASE("delivery: an immediate output is due with each flush") {
  Rig rig;
  rig.output.limits_now.immediate = true;
  rig.due = rig.step();
  for (int i = 1; i <= 3; ++i) {
    rig.clock.advance(10'000);
    rig.put(i);
    rig.delivery.wake();
    rig.due = rig.step();
    CHECK(rig.output.requests.size() == static_cast<std::size_t>(i));
  }
}

TEST_CASE("delivery: a flush does not cut the wait after a failure short") {
  Rig rig;
  rig.output.limits_now.immediate = true;
  rig.output.answer = always(reply(Verdict::unauthorized));
  rig.put(1);
  rig.delivery.wake();
  rig.due = rig.step();
  rig.delivery.wake();
  rig.due = rig.step();
  CHECK(rig.output.requests.size() == 1);
}

TEST_CASE("delivery: a flush means nothing to an output with release times") {
  Rig rig;
  rig.put(1);
  rig.delivery.wake();
  (void)rig.step();
  CHECK(rig.output.requests.empty());
}

TEST_CASE("delivery: hurry sends at once, also while backing off") {
  Rig rig;
  rig.put(1);
  rig.output.answer = always(reply(Verdict::unauthorized));
  rig.run(minute);
  const auto before = rig.output.requests.size();
  rig.delivery.hurry();
  (void)rig.step();
  CHECK(rig.output.requests.size() == before + 1);
}

TEST_CASE("delivery: a request that our own stop has cut is no failure") {
  Rig rig;
  rig.put(1);
  rig.output.answer = always(reply(Verdict::retry));
  std::stop_source source;
  source.request_stop();
  rig.delivery.hurry();
  (void)rig.delivery.step(1s, source.get_token());
  CHECK(rig.stat("scops_dispatch_backoff_seconds") == 0);
  CHECK(rig.buffer.blocks.size() == 1);
}

TEST_CASE("delivery: an output without a limit gets everything in one request") {
  Rig rig;
  rig.output.limits_now.records = 0;
  for (int i = 0; i < 30; ++i) rig.put(i * 1000, 1000);
  rig.run(2 * minute);
  CHECK(rig.output.requests.size() == 1);
  CHECK(rig.output.requests[0].size() == 30'000);
}

TEST_CASE("delivery: its stats add up") {
  Rig rig;
  int requests = 0;
  rig.output.answer = [&requests](const Values&) {
    if (++requests == 1) return reply(Verdict::retry, 500);
    if (requests == 2) return reply(Verdict::retry);
    if (requests == 3) return reply(Verdict::retry, 1'000'000);
    Reply good = reply(Verdict::accepted, 202);
    good.bytes = 321;
    return good;
  };
  rig.put(1, 5);
  rig.run(10 * minute);
  CHECK(rig.stat("scops_dispatch_requests_total", ",code=\"500\"") == 1);
  CHECK(rig.stat("scops_dispatch_requests_total", ",code=\"error\"") == 2);
  CHECK(rig.stat("scops_dispatch_requests_total", ",code=\"202\"") == 1);
  CHECK(rig.stat("scops_dispatch_retries_total") == 3);
  CHECK(rig.stat("scops_dispatch_points_total") == 5);
  CHECK(rig.stat("scops_dispatch_bytes_total") == 321);
  CHECK(rig.stat("scops_dispatch_backoff_seconds") == 0);
  CHECK(rig.stat("scops_dispatch_last_success_timestamp_seconds") > 1'700'000'000);
}

TEST_CASE("delivery: what has come since the release waits for the next one") {
  Rig rig;
  rig.output.answer = [&rig](const std::vector<double>&) {
    rig.clock.advance(3000);  // a slow link: something has come each time
    rig.next_time = rig.clock.wall() - 2000;
    rig.put(1);
    return reply(Verdict::accepted, 202);
  };
  rig.put(0);
  rig.run(10 * minute);
  CHECK(rig.output.requests.size() <= 11);
  CHECK(rig.output.requests.size() >= 9);
}
