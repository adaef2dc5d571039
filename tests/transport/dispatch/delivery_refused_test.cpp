// What a delivery does with requests that an intake does not want: the search for the record at fault.

#include "transport/dispatch/delivery.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <vector>

#include "tests/transport/dispatch/rig.hpp"

using scops::Reply;
using scops::Verdict;
using scops::test::always;
using scops::test::hour;
using scops::test::minute;
using scops::test::refuses;
using scops::test::reply;
using scops::test::Rig;
using Values = std::vector<double>;

TEST_CASE("delivery: a batch that is too large is cut until it fits, and the size is remembered") {
  Rig rig;
  rig.output.answer = [](const Values& values) {
    return values.size() > 30 ? reply(Verdict::too_large, 413) : reply(Verdict::accepted, 202);
  };
  rig.put(0, 100);
  rig.run(2 * minute);
  CHECK(rig.buffer.blocks.empty());
  CHECK(rig.output.delivered.size() == 100);
  rig.output.requests.clear();
  rig.put(100, 100);
  rig.run(2 * minute);
  CHECK(rig.output.delivered.size() == 200);
  for (const Values& request : rig.output.requests) CHECK(request.size() < 40);
}

TEST_CASE("delivery: a record that is too large alone is treated as refused") {
  Rig rig;
  rig.output.answer = [](const Values& values) {
    const bool large = std::find(values.begin(), values.end(), 5) != values.end();
    return large ? reply(Verdict::too_large, 413) : reply(Verdict::accepted, 202);
  };
  rig.put(0, 8);
  rig.run(minute);
  for (int i = 0; i < 5; ++i) {
    rig.put(100 + i);
    rig.run(minute);
  }
  CHECK(rig.output.delivered.size() == 7 + 5);
  CHECK(rig.buffer.blocks.empty());
  CHECK(rig.stat("scops_dispatch_dropped_records_total", ",reason=\"refused\"") == 1);
}

TEST_CASE("delivery: the bad record of a batch is found, and dropped once others were accepted after it") {
  Rig rig;
  rig.output.answer = refuses({37});
  rig.put(0, 50);
  rig.put(50, 50);
  rig.run(2 * minute);
  CHECK(rig.output.delivered.size() == 99);
  CHECK(rig.buffer.blocks.size() == 1);  // the one with the suspect
  for (int i = 0; i < 4; ++i) {
    rig.put(1000 + i);
    rig.run(minute);
  }
  CHECK(rig.buffer.blocks.empty());
  CHECK(rig.stat("scops_dispatch_dropped_records_total", ",reason=\"refused\"") == 1);
  CHECK(rig.output.delivered.size() == 103);
  CHECK(rig.output.delivered.count(37) == 0);
}

TEST_CASE("delivery: a bad record in a block of its own does not hold up the others") {
  Rig rig;
  rig.output.answer = refuses({1});
  rig.put(1);
  rig.run(2 * minute);
  for (int i = 0; i < 5; ++i) {
    rig.put(10 + i);
    rig.run(minute);
  }
  CHECK(rig.output.delivered == std::multiset<double>{10, 11, 12, 13, 14});
  CHECK(rig.buffer.blocks.empty());
}

TEST_CASE("delivery: one refusal is a hiccup when the same request is accepted next") {
  Rig rig;
  int requests = 0;
  rig.output.answer = [&requests](const Values&) {
    return ++requests == 1 ? reply(Verdict::refused, 400) : reply(Verdict::accepted, 202);
  };
  rig.put(0, 10);
  rig.run(2 * minute);
  CHECK(rig.output.requests.size() == 2);
  CHECK(rig.output.requests[0] == rig.output.requests[1]);
  CHECK(rig.buffer.blocks.empty());
}

TEST_CASE("delivery: an intake that refuses everything loses nothing, and gets few requests") {
  Rig rig;
  rig.output.answer = always(reply(Verdict::refused, 400));
  for (int i = 0; i < 240; ++i) {
    rig.put(i * 5, 5);
    rig.run(minute);
  }
  CHECK(rig.buffer.blocks.size() == 240);
  CHECK(rig.output.requests.size() < 240);
  rig.output.answer = always(reply(Verdict::accepted, 202));
  rig.run(20 * minute);
  CHECK(rig.buffer.blocks.empty());
  CHECK(std::set<double>(rig.output.delivered.begin(), rig.output.delivered.end()).size() == 1200);
}

TEST_CASE("delivery: an intake that turns to refusing everything in the middle of a search loses nothing") {
  Rig rig;
  int accepted = 0;
  const auto poison = refuses({7});
  rig.output.answer = [&](const Values& values) {
    if (accepted >= 2) return reply(Verdict::refused, 400);
    const Reply answer = poison(values);
    if (answer.verdict == Verdict::accepted) ++accepted;
    return answer;
  };
  rig.put(0, 64);
  for (int i = 0; i < 60; ++i) {
    rig.put(1000 + i);
    rig.run(minute);
  }
  CHECK(std::isnan(rig.stat("scops_dispatch_dropped_records_total", ",reason=\"refused\"")));
  rig.output.answer = poison;
  rig.run(hour);
  const std::set<double> all(rig.output.delivered.begin(), rig.output.delivered.end());
  CHECK(all.size() == 63 + 60);
}

TEST_CASE("delivery: an intake that turns to refusing everything is not asked twice a second for ever") {
  Rig rig;
  int accepted = 0;
  rig.output.answer = [&accepted](const Values& values) {
    if (values.size() > 500) return reply(Verdict::refused, 400);
    return ++accepted > 1 ? reply(Verdict::refused, 400) : reply(Verdict::accepted, 202);
  };
  rig.put(0, 1000);
  rig.run(6 * hour);
  CHECK(rig.output.requests.size() < 500 + 6 * 60);
  CHECK(rig.buffer.blocks.size() == 1);
}

TEST_CASE("delivery: many bad records cost themselves only") {
  Rig rig;
  std::set<double> poison;
  for (int i = 0; i < 200; i += 10) poison.insert(i);
  rig.output.answer = refuses(poison);
  rig.put(0, 200);
  rig.run(hour);
  for (int i = 0; i < 10; ++i) {
    rig.put(1000 + i);
    rig.run(minute);
  }
  CHECK(rig.buffer.blocks.empty());
  CHECK(rig.output.delivered.size() == 180 + 10);
  CHECK(rig.stat("scops_dispatch_dropped_records_total", ",reason=\"refused\"") == 20);
}

TEST_CASE("delivery: a record that is held back expires with its block") {
  Rig rig;
  rig.output.answer = refuses({1});
  rig.put(1);
  rig.run(2 * minute);
  rig.buffer.blocks.clear();
  for (int i = 0; i < 3; ++i) {
    rig.put(10 + i);
    rig.run(minute);
  }
  rig.run(minute);
  CHECK(rig.output.delivered == std::multiset<double>{10, 11, 12});
  CHECK(std::isnan(rig.stat("scops_dispatch_dropped_records_total", ",reason=\"refused\"")));
}

TEST_CASE("delivery: a search goes on with what is left when a block of it expires") {
  Rig rig;
  rig.output.answer = refuses({3, 4, 25, 41});
  rig.put(0, 20);
  rig.put(20, 20);
  rig.put(40, 20);
  rig.due = rig.step();
  for (int i = 0; i < 6; ++i) (void)rig.next();
  rig.buffer.blocks.erase(rig.buffer.blocks.begin());
  for (int i = 0; i < 10; ++i) {
    rig.put(1000 + i);
    rig.run(minute);
  }
  CHECK(rig.buffer.blocks.empty());
  for (int value = 20; value < 60; ++value) {
    CHECK((rig.output.delivered.count(value) > 0) == (value != 25 && value != 41));
  }
}
