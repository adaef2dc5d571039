// What is fresh while a backlog drains.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/transport/dispatch/rig.hpp"
#include "transport/dispatch/delivery.hpp"

using scops::DispatchSettings;
using scops::Reply;
using scops::TimeMs;
using scops::Verdict;
using scops::test::hour;
using scops::test::minute;
using scops::test::refuses;
using scops::test::reply;
using scops::test::Rig;

namespace {

constexpr std::int64_t second = 1000;
constexpr double first_fresh = 1'000'000;  // values from here on are fresh, those below of the backlog

// Four hours of backlog at ten records a block, then a board that goes on for `minutes`, with a block of four
// records every ten seconds. Returns how old the oldest fresh record was when it was accepted.
struct Drain {
  explicit Drain(bool fresh_first, std::uint32_t records = 10) : rig(with(fresh_first)) {
    rig.output.limits_now.records = records;
    rig.next_time = rig.clock.wall() - 4 * hour;
    for (int i = 0; i < blocks; ++i) rig.put(i * 10, 10);
    rig.due = rig.step();
  }
  static DispatchSettings with(bool fresh_first) {
    DispatchSettings settings;
    settings.fresh_first = fresh_first;
    return settings;
  }

  std::int64_t run(int minutes, std::int64_t request_takes = 0) {
    std::int64_t oldest = 0;
    std::map<double, TimeMs> made;
    const auto script = rig.output.answer;
    rig.output.answer = [&](const std::vector<double>& values) {
      rig.clock.advance(request_takes);
      const Reply answer = script(values);
      if (answer.verdict != Verdict::accepted) return answer;
      for (const double value : values) {
        if (const auto at = made.find(value); at != made.end()) {
          oldest = std::max(oldest, rig.clock.wall() - at->second);
          made.erase(at);
        }
      }
      return answer;
    };
    for (int tick = 0; tick < minutes * 6; ++tick) {
      rig.next_time = rig.clock.wall() - 4 * second;
      rig.put(fresh, 4);
      for (int i = 0; i < 4; ++i) made[fresh++] = rig.clock.wall();
      rig.run(10 * second);
    }
    for (const auto& [value, time] : made) oldest = std::max(oldest, rig.clock.wall() - time);
    rig.output.answer = script;
    return oldest;
  }

  static constexpr int blocks = 1200;  // ten minutes at the default rate
  double fresh = first_fresh;
  Rig rig;
};

}  // namespace

TEST_CASE("delivery: while hours of backlog drain, nothing fresh gets older than two intervals") {
  Drain drain(true);
  CHECK(drain.run(20) <= 2 * minute);
  CHECK(drain.rig.output.delivered.size() >= 12'000);
  std::set<double> once(drain.rig.output.delivered.begin(), drain.rig.output.delivered.end());
  CHECK(once.size() == drain.rig.output.delivered.size());
  drain.rig.run(2 * minute);
  CHECK(drain.rig.buffer.blocks.empty());
}

TEST_CASE("delivery: the same when each request takes most of an interval") {
  Drain drain(true, 100);
  CHECK(drain.run(60, 39 * second) <= 2 * minute);
  drain.rig.run(100 * minute);
  CHECK(drain.rig.buffer.blocks.empty());
}

// A board that captures and releases once a `period`, puts what it has captured 100 ms later, and begins to
// drain at some moment in between. Returns the greatest age of the youngest record that the intake had.
struct Freshest {
  std::int64_t period, rate, request_takes;

  [[nodiscard]] std::int64_t age(std::int64_t begin) const {
    DispatchSettings settings;
    settings.interval = scops::Duration(period);
    settings.rate_max = rate;
    Rig rig(settings);
    rig.output.limits_now.records = 50;
    constexpr int captures = 4;
    const std::int64_t blocks = captures * period / second * rate + 10;  // a request each
    rig.next_time = rig.clock.wall() - blocks * 50 * second - hour;
    for (std::int64_t i = 0; i < blocks; ++i) rig.put(static_cast<double>(i) * 50, 50);
    std::map<double, TimeMs> captured;
    TimeMs youngest = 0;
    std::int64_t oldest = 0;
    rig.output.answer = [&](const std::vector<double>& values) {
      rig.clock.advance(request_takes);
      if (youngest != 0) oldest = std::max(oldest, rig.clock.wall() - youngest);
      for (const double value : values) {
        if (captured.count(value) > 0) youngest = std::max(youngest, captured[value]);
      }
      return reply(Verdict::accepted, 202);
    };
    rig.clock.advance(2 * period);  // the first release is due
    rig.due = rig.clock.steady() + begin;
    for (double fresh = first_fresh; fresh < first_fresh + captures; ++fresh) {
      captured[fresh] = rig.clock.wall();
      const std::int64_t next = rig.clock.steady() + period;
      rig.run(100);
      rig.next_time = captured[fresh] - second;
      rig.put(fresh);
      rig.run(next - rig.clock.steady());
    }
    REQUIRE(rig.buffer.blocks.size() > captures);  // the backlog lasts
    REQUIRE(youngest != 0);
    return oldest;
  }
};

// docs/reliability.md, "Fresh data beside a backlog", has the sum.
TEST_CASE(
    "delivery: the age of the freshest while a backlog drains, by period, rate and length of requests") {
  const std::int64_t period = GENERATE(1, 10) * second;
  const std::int64_t rate = GENERATE(1, 3);
  const std::int64_t request = GENERATE(1, 50, 300);
  INFO("period " << period << " rate " << rate << " request " << request);
  std::int64_t oldest = 0;
  for (std::int64_t begin = 0; begin < period; begin += period / 5)
    oldest = std::max(oldest, Freshest{period, rate, request}.age(begin));
  const std::int64_t slot = std::max(second / rate, request);
  CHECK(oldest <= period + 100 + period / 2 + slot + request);
  if (period == 10 * second || (rate == 3 && request <= 50)) CHECK(oldest <= 2 * period);
}

TEST_CASE("delivery: without fresh_first the oldest comes first, however old the rest gets") {
  Drain drain(false);
  CHECK(drain.run(5) > 2 * minute);
  const auto& requests = drain.rig.output.requests;
  for (std::size_t i = 1; i < requests.size(); ++i) CHECK(requests[i].front() > requests[i - 1].front());
}

TEST_CASE("delivery: a drain with fresh data in it keeps the rate") {
  Drain drain(true);
  (void)drain.run(1);
  const auto before = drain.rig.output.requests.size();
  (void)drain.run(5);
  CHECK(drain.rig.output.requests.size() - before <= 2 * 5 * 60 + 1);
}

TEST_CASE("delivery: fresh data that did not get through is sent again the same, then the backlog goes on") {
  Drain drain(true);
  (void)drain.run(2);
  drain.rig.output.answer = [](const std::vector<double>& values) {
    return values.front() >= first_fresh ? reply(Verdict::retry, 500) : reply(Verdict::accepted, 202);
  };
  auto& requests = drain.rig.output.requests;
  const auto is_fresh = [](const std::vector<double>& request) { return request.front() >= first_fresh; };
  requests.clear();
  (void)drain.run(5);
  const auto first = std::find_if(requests.begin(), requests.end(), is_fresh);
  REQUIRE(first != requests.end());
  REQUIRE(requests.end() - first > 3);
  for (auto again = first; again != requests.end(); ++again) CHECK(*again == *first);
  drain.rig.output.answer = [](const std::vector<double>&) { return reply(Verdict::accepted, 202); };
  CHECK(drain.run(20) <= 2 * minute);
  drain.rig.run(2 * minute);
  CHECK(drain.rig.buffer.blocks.empty());
}

TEST_CASE("delivery: a request that is put off comes again the same, although fresh ones find other limits") {
  const Verdict put_off = GENERATE(Verdict::retry, Verdict::throttled);
  Drain drain(true, 100);
  drain.rig.output.answer = [put_off](const std::vector<double>& values) {
    if (values.size() > 10) return reply(Verdict::too_large, 413);
    return values.front() < first_fresh ? reply(put_off, 503) : reply(Verdict::accepted, 202);
  };
  (void)drain.run(20);
  std::set<std::size_t> sizes_of_fresh;
  std::set<std::vector<double>> put_off_requests;
  for (const std::vector<double>& request : drain.rig.output.requests) {
    if (request.size() > 10) continue;
    if (request.front() >= first_fresh) sizes_of_fresh.insert(request.size());
    if (request.front() < first_fresh) put_off_requests.insert(request);
  }
  CHECK(sizes_of_fresh.size() > 2);
  CHECK(put_off_requests.size() == 1);
}

TEST_CASE("delivery: bad records, fresh and old, hold up neither the fresh nor the backlog") {
  Drain drain(true, 100);
  drain.rig.output.answer = refuses({5, 777, first_fresh + 5, first_fresh + 300});
  (void)drain.run(20);
  drain.rig.run(5 * minute);
  CHECK(drain.rig.buffer.blocks.empty());
  CHECK(drain.rig.output.delivered.size() == Drain::blocks * 10 + 20 * 6 * 4 - 4);
}

TEST_CASE("delivery: a clock that steps by years in a drain loses nothing and stops nothing") {
  Drain drain(true);
  (void)drain.run(2);
  drain.rig.clock.set_wall(drain.rig.clock.wall() + GENERATE(-20, -1, 1, 20) * 365 * 24 * hour);
  (void)drain.run(20);
  drain.rig.run(2 * minute);
  CHECK(drain.rig.buffer.blocks.empty());
}

TEST_CASE("delivery: a request that was not sent in time is cut in two, one without an answer is not") {
  const bool cut = GENERATE(true, false);
  Rig rig;
  rig.put(1, 800);
  rig.output.answer = [cut](const std::vector<double>& values) {
    Reply answer = reply(values.size() > 200 ? Verdict::retry : Verdict::accepted, 0);
    answer.cut_short = cut;
    return answer;
  };
  rig.run(10 * minute);
  CHECK(rig.buffer.blocks.empty() == cut);
  if (cut) {
    CHECK(rig.output.delivered.size() == 800);
    return;
  }
  for (const auto& request : rig.output.requests) CHECK(request == rig.output.requests.front());
}

TEST_CASE("delivery: slow requests are cut only when nothing else came between them") {
  Rig rig;
  rig.put(1, 800);
  const Verdict between = GENERATE(Verdict::throttled, Verdict::unauthorized, Verdict::retry);
  rig.output.answer = [&](const std::vector<double>&) {
    Reply answer = reply(Verdict::retry);
    answer.slow = rig.output.requests.size() % 3 != 0;
    if (!answer.slow) answer = reply(between, 429);
    return answer;
  };
  rig.run(hour);
  REQUIRE(rig.output.requests.size() > 5);
  for (const auto& request : rig.output.requests) CHECK(request.size() == 800);
}

TEST_CASE("delivery: a link that is dead does not end at single records") {
  Rig rig;
  rig.put(1, 800);
  Reply dead = reply(Verdict::retry, 0);
  dead.cut_short = true;
  rig.output.answer = scops::test::always(dead);
  rig.run(5 * hour);
  CHECK(rig.output.requests.back().size() == 100);
}
