// A batch on its way of which blocks expire meanwhile.
#include <catch2/catch.hpp>
#include <set>
#include <vector>

#include "tests/transport/dispatch/rig.hpp"
#include "transport/dispatch/delivery.hpp"

using scops::Reply;
using scops::Verdict;
using scops::test::hour;
using scops::test::minute;
using scops::test::refuses;
using scops::test::reply;
using scops::test::Rig;
using Values = std::vector<double>;

namespace {

// `count` blocks of ten records, whose times are the same in all: so a request has some of each block.
void put_across(Rig& rig, int count) {
  const scops::TimeMs begin = rig.next_time;
  for (int i = 0; i < count; ++i) {
    rig.next_time = begin;
    rig.put(i * 10, 10);
  }
}

void expire_oldest(Rig& rig) { rig.buffer.blocks.erase(rig.buffer.blocks.begin()); }

// A link that carries `rate` records a second, and a board that makes ten of them.
struct SlowLink {
  SlowLink() {
    rig.output.limits_now.records = 10'000;
    rig.next_time = rig.clock.wall() - ttl;
    for (std::int64_t age = ttl; age > 0; age -= flush) put(rig.clock.wall() - age);
    last_flush = rig.clock.steady();
    rig.output.answer = [this](const Values& values) { return carry(values); };
  }
  void put(scops::TimeMs time) {
    rig.next_time = time - 100'000;  // rig.put() dates a second apart
    rig.put(made, 100);
    made += 100;
  }
  Reply carry(const Values& values) {
    const auto takes = static_cast<std::int64_t>(values.size()) * 1000 / rate;
    const bool cut = takes > request_max;
    rig.clock.advance(cut ? request_max : takes);
    go_on();
    Reply answer = reply(cut ? Verdict::retry : Verdict::accepted, 0);
    answer.cut_short = cut;
    return answer;
  }
  // What was flushed since, and what has expired.
  void go_on() {
    for (; rig.clock.steady() - last_flush >= flush; last_flush += flush)
      put(rig.clock.wall() - (rig.clock.steady() - last_flush - flush));
    const scops::TimeMs oldest = rig.clock.wall() - ttl;
    std::erase_if(rig.buffer.blocks, [oldest](const scops::Block& block) { return block.newest < oldest; });
  }
  void run(std::int64_t milliseconds) {
    for (const std::int64_t end = rig.clock.steady() + milliseconds; rig.clock.steady() < end;) {
      rig.run(1000);
      go_on();
    }
  }

  static constexpr std::int64_t ttl = hour, flush = 10'000, rate = 125, request_max = 48'000;
  Rig rig;
  double made = 0;
  std::int64_t last_flush = 0;
};

}  // namespace

TEST_CASE("delivery: what was accepted of a batch is not sent again when a block of it expires") {
  Rig rig;
  rig.output.answer = [](const Values& values) {
    return values.size() > 20 ? reply(Verdict::too_large, 413) : reply(Verdict::accepted, 202);
  };
  put_across(rig, 8);
  rig.due = rig.step();
  while (rig.output.delivered.empty()) (void)rig.next();
  REQUIRE(rig.output.delivered.size() == 20);
  expire_oldest(rig);
  (void)rig.next();
  expire_oldest(rig);
  rig.run(10 * minute);
  CHECK(rig.buffer.blocks.empty());
  for (int value = 0; value < 80; ++value) CHECK(rig.output.delivered.count(value) <= 1);
  for (int value = 20; value < 80; ++value) CHECK(rig.output.delivered.count(value) == 1);
}

TEST_CASE("delivery: a search for bad records gets through although a block expires with each request") {
  Rig rig;
  const auto answer = refuses({595, 613});
  bool searching = false;
  rig.output.answer = [&](const Values& values) {
    if (searching && !rig.buffer.blocks.empty()) expire_oldest(rig);
    return answer(values);
  };
  put_across(rig, 64);
  searching = true;
  rig.run(10 * minute);
  const std::set<double> all(rig.output.delivered.begin(), rig.output.delivered.end());
  CHECK(all.size() == rig.output.delivered.size());
  CHECK(all.size() > 500);
  CHECK(all.count(595) + all.count(613) == 0);
}

TEST_CASE("delivery: a slow link catches up with a backlog whose oldest expires all the time") {
  SlowLink link;
  link.run(20 * minute);
  CHECK(link.rig.buffer.blocks.size() < 30);
  const auto& delivered = link.rig.output.delivered;
  const std::set<double> once(delivered.begin(), delivered.end());
  CHECK(once.size() == delivered.size());
  CHECK(static_cast<double>(once.size()) > link.made * 0.9);
}
