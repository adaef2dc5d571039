// A batch of which the intake may have a part.
#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "tests/transport/dispatch/rig.hpp"
#include "transport/dispatch/delivery.hpp"

using scops::Verdict;
using scops::test::always;
using scops::test::hour;
using scops::test::minute;
using scops::test::reply;
using scops::test::Rig;
using Values = std::vector<double>;

TEST_CASE("delivery: what the intake may have is sent again as it was, however the clock steps") {
  const scops::TimeMs step = GENERATE(-8760, -1, 1, 8760) * hour;
  const bool backlog = GENERATE(false, true);
  Rig rig;
  rig.output.limits_now.records = 100;
  rig.next_time = rig.clock.wall() - 3 * hour;
  for (int i = 0; backlog && i < 40; ++i) rig.put(i * 10, 10);
  rig.next_time = rig.clock.wall();
  rig.put(1000, 10);
  std::vector<std::vector<scops::TimeMs>> sent;
  rig.output.times = &sent;
  rig.output.answer = always(reply(Verdict::retry));
  rig.run(2 * minute);
  REQUIRE(sent.size() >= 2);
  // The buffer dates what waits anew, and more has come.
  rig.clock.set_wall(rig.clock.wall() + step);
  for (scops::Block& block : rig.buffer.blocks) block.shift = step;
  rig.next_time = rig.clock.wall();
  rig.put(2000, 10);
  rig.run(20 * minute);
  rig.output.answer = always(reply(Verdict::accepted, 202));
  rig.run(20 * minute);
  CHECK(rig.buffer.blocks.empty());
  CHECK(rig.output.delivered.size() == (backlog ? 420 : 20));
  // Each record has one time in all requests that had it.
  std::map<double, scops::TimeMs> time_of;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    for (std::size_t k = 0; k < sent[i].size(); ++k) {
      const auto [known, first] = time_of.emplace(rig.output.requests[i][k], sent[i][k]);
      CHECK((first || known->second == sent[i][k]));
    }
  }
}

TEST_CASE("delivery: a batch in doubt of which a part expires keeps the times of the rest") {
  Rig rig;
  for (int i = 0; i < 3; ++i) rig.put(i);
  std::vector<std::vector<scops::TimeMs>> sent;
  rig.output.times = &sent;
  const auto send = [&](bool left) {
    rig.output.answer = always({.detail = "connection trouble", .left = left});
    const std::size_t before = sent.size();
    while (sent.size() == before) (void)rig.next();
  };
  send(true);
  rig.buffer.blocks.erase(rig.buffer.blocks.begin());
  send(false);
  for (scops::Block& block : rig.buffer.blocks) block.shift = 5000;
  send(false);
  CHECK(sent[1] == std::vector(sent[0].begin() + 1, sent[0].end()));
  CHECK(sent[2] == sent[1]);
}

TEST_CASE("delivery: a store that goes silent with a batch in doubt does not hold up what memory has") {
  Rig rig;
  rig.put(1, 2);
  rig.output.answer = always(reply(Verdict::retry));
  rig.run(2 * minute);
  const std::size_t before = rig.output.requests.size();
  REQUIRE(before > 0);
  rig.buffer.lost_below = {2, 0};
  rig.put(3, 2);
  rig.output.answer = always(reply(Verdict::accepted, 202));
  rig.run(10 * minute);
  REQUIRE(rig.output.requests.size() == before + 1);
  CHECK(rig.output.requests.back() == Values{3, 4});
  rig.buffer.lost_below = {};
  rig.run(10 * minute);
  CHECK(rig.output.requests.back() == Values{1, 2});
  CHECK(rig.buffer.blocks.empty());
}

TEST_CASE("delivery: times change with the clock until the intake may have them") {
  Rig rig;
  rig.put(1);
  rig.put(2);
  std::vector<std::vector<scops::TimeMs>> sent;
  rig.output.times = &sent;
  const auto send = [&](scops::TimeMs shift, bool left) {
    rig.buffer.blocks[0].shift = shift;
    rig.output.answer = always({.detail = "connection trouble", .left = left});
    const std::size_t before = sent.size();
    while (sent.size() == before) (void)rig.next();
    return sent.back();
  };
  const std::vector<scops::TimeMs> first = send(0, false);
  CHECK(send(500, false) == std::vector{first[0] + 500, first[1]});
  CHECK(send(700, true) == std::vector{first[0] + 700, first[1]});
  CHECK(send(900, false) == std::vector{first[0] + 700, first[1]});
}
