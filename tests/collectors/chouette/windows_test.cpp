// What is due of the raw queue, and what becomes of it (CHOUETTE.md, 2 and 3).
#include <catch2/catch.hpp>
#include <set>

#include "tests/collectors/chouette/queues.hpp"

using namespace scops;
using namespace scops::test;
using Lines = std::vector<std::string>;

TEST_CASE("closed windows are handed over oldest first, a commit each, and the open one stays") {
  Queues queues;
  queues.add(raw, "c", open_window + 1, gauge("open"));
  queues.add(raw, "b", closed_window + 9.5, gauge("late"));
  queues.add(raw, "a", closed_window - 5, gauge("early"));
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines == Lines{"early gauge = 1 at 1699999985000 in 1699999985000",
                                     "late gauge = 1 at 1699999999500 in 1699999999500"});
  CHECK(queues.intake.sizes == std::vector<std::size_t>{1, 1});
  CHECK(queues.keys(raw) == "1");
  CHECK(queues.values(raw) == "1");
  CHECK(queues.stat("scops_chouette_records_total", R"(queue="metrics:raw")") == 2);
  CHECK(queues.stat("scops_chouette_windows_total", "") == 2);
  CHECK(queues.stat("scops_chouette_waiting_records", R"(queue="metrics:raw")") == 1);
}

TEST_CASE("a window closes when the lag is over") {
  Queues queues;
  queues.add(raw, "a", closed_window, gauge("m"));
  queues.clock.set_wall(1'700'000'000'499);
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.empty());
  queues.clock.set_wall(1'700'000'000'500);
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 1);
}

TEST_CASE("on shutdown the open window is due too, but none that lies ahead") {
  Queues queues;
  queues.add(raw, "a", open_window + 1, gauge("open"));
  queues.add(raw, "b", open_window + 9.999, gauge("open"));
  queues.add(raw, "c", open_window + 10, gauge("ahead"));
  REQUIRE(queues.drain(true));
  CHECK(queues.intake.sizes == std::vector<std::size_t>{2});
  CHECK(queues.keys(raw) == "1");
}

TEST_CASE("the score decides the window, the body's timestamp the point's time") {
  Queues queues;
  queues.add(raw, "a", closed_window + 1,
             R"({"metric":"m","type":"count","value":2,"timestamp":1699990000.5,"tags":{"b":1,"a":true}})");
  queues.add(raw, "b", closed_window + 2, R"({"metric":"s","type":"set","value":["x",1],"timestamp":0})");
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines == Lines{"m count a:True b:1 = 2 at 1699990000500 in 1699999991000",
                                     "s set = \"x,1 at 1699999992000 in 1699999992000"});
}

TEST_CASE("50,000 records of a window are handed over once each, in one commit") {
  Queues queues;
  queues.add_many(raw, 50000, [](std::size_t i) {
    return Records::Record{uuid(i),
                           fmt::format("{:.4f}", closed_window + static_cast<double>(i % 9999) / 1000),
                           gauge(fmt::format("m{}", i))};
  });
  REQUIRE(queues.drain());
  CHECK(queues.intake.sizes == std::vector<std::size_t>{50000});
  CHECK(std::set<std::string>(queues.intake.lines.begin(), queues.intake.lines.end()).size() == 50000);
  CHECK(queues.empty(raw));
}

TEST_CASE("long log records are committed in parts, and none of them is lost") {
  Queues queues;
  const std::string text(100'000, 'x');
  for (int i = 0; i < 60; ++i) {
    queues.add("chouette:logs:wrapped", uuid(static_cast<std::size_t>(i)), closed_window + i / 100.0,
               fmt::format(R"({{"message":"{}{}"}})", i, text));
  }
  REQUIRE(queues.drain());
  CHECK(queues.intake.sizes.size() >= 5);
  CHECK(std::set<std::string>(queues.intake.lines.begin(), queues.intake.lines.end()).size() == 60);
  CHECK(queues.empty("chouette:logs:wrapped"));
}

TEST_CASE("any number of records may share a score") {
  Queues queues;
  queues.add_many(raw, 9000, [](std::size_t i) {
    return Records::Record{uuid(i), "1699999991.25", gauge(fmt::format("m{}", i))};
  });
  queues.add(raw, "next", closed_window + 2, gauge("next"));
  REQUIRE(queues.drain());
  CHECK(queues.intake.sizes == std::vector<std::size_t>{9001});
  CHECK(std::set<std::string>(queues.intake.lines.begin(), queues.intake.lines.end()).size() == 9001);
  CHECK(queues.empty(raw));
}

TEST_CASE("a window with more records than window_max is committed in parts") {
  Queues queues;
  queues.settings().window_max = 3000;
  queues.add_many(raw, 9000, [](std::size_t i) {
    // Every other one has no value yet: these stay, and must not be in the way of the next part.
    return Records::Record{uuid(i), "1699999991.25", gauge(fmt::format("m{}", i))};
  });
  for (std::size_t i = 0; i < 9000; i += 2) queues.run({"HDEL", "chouette:metrics:raw.values", uuid(i)});
  REQUIRE(queues.drain());
  CHECK(queues.intake.sizes.size() > 1);
  CHECK(std::set<std::string>(queues.intake.lines.begin(), queues.intake.lines.end()).size() == 4500);
  CHECK(queues.keys(raw) == "4500");
  CHECK(queues.values(raw) == "0");
  CHECK(queues.stat("scops_chouette_cut_windows_total", "") >= 1);
}

TEST_CASE("ids may be any bytes") {
  Queues queues;
  queues.add(raw, std::string("\0\r\n\xFF", 4), closed_window, gauge("binary"));
  queues.add(raw, "", closed_window, gauge("empty"));
  queues.add(raw, std::string(100'000, 'x'), closed_window, gauge("long"));
  queues.add(raw, "123E4567-E89B-42D3-A456-426614174000", closed_window, gauge("upper"));
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 4);
  CHECK(queues.empty(raw));
}

TEST_CASE("the queues may have another prefix") {
  Queues queues;
  queues.settings().prefix = "test";
  queues.add("test:metrics:raw", "a", closed_window, gauge("m"));
  queues.add(raw, "a", closed_window, gauge("not ours"));
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 1);
  CHECK(queues.run({"EXISTS", "test:scops.lease"}) == "1");
  CHECK(queues.keys(raw) == "1");
}

TEST_CASE("wrapped metrics that a Python agent left are due at once") {
  Queues queues;
  queues.add(
      wrapped, "a", open_window + 4,
      R"({"metric":"a.count","tags":["k:v","z"],"points":[[1700000004,2],[0,3]],"type":"count","interval":10})");
  queues.add(wrapped, "b", open_window - 1000,
             R"({"metric":"g","tags":[],"points":[[1699999000,1.5]],"type":"gauge"})");
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines == Lines{"g gauge = 1.5 at 1699999000000 every 0",
                                     "a.count count k:v z = 2 at 1700000004000 every 10",
                                     "a.count count k:v z = 3 at 1700000004000 every 10"});
  CHECK(queues.empty(wrapped));
}

TEST_CASE("wrapped metrics are committed in pieces of 5000 records at most") {
  Queues queues;
  queues.add_many(wrapped, 11000, [](std::size_t i) {
    return Records::Record{uuid(i), fmt::format("{}", closed_window),
                           R"({"metric":"g","points":[[1,1]],"type":"gauge"})"};
  });
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 11000);
  for (const std::size_t size : queues.intake.sizes) CHECK(size <= 5000);
  CHECK(queues.empty(wrapped));
}

TEST_CASE("logs are due at once, pass unchanged, in pieces of 500") {
  Queues queues;
  const std::string json =
      R"({"date": "2023-11-14T22:13:25", "message": {"text":"h\u00e9llo"} , "ddtags":["a:b"]})";
  queues.add_many(logs, 1100, [&](std::size_t i) { return Records::Record{uuid(i), "1700000004.5", json}; });
  REQUIRE(queues.drain());
  CHECK(queues.intake.sizes == std::vector<std::size_t>{500, 500, 100});
  CHECK(queues.intake.lines[0] == "log 1700000004500 " + json);
  CHECK(queues.empty(logs));
}

TEST_CASE("a drain that is asked to stop leaves the rest in the queue") {
  Queues queues;
  queues.add(raw, "a", closed_window - 20, gauge("first"));
  queues.add(raw, "b", closed_window, gauge("second"));
  queues.intake.before_commit = [&] { queues.stop.request_stop(); };
  REQUIRE(queues.drain());
  CHECK(queues.intake.lines.size() == 1);
  CHECK(queues.keys(raw) == "1");
}

TEST_CASE("closing takes no longer than its time, and asked to stop it still works") {
  Queues queues;
  queues.add(raw, "a", closed_window - 20, gauge("first"));
  queues.add(raw, "b", closed_window, gauge("second"));
  queues.stop.request_stop();
  queues.intake.before_commit = [&] { queues.clock.advance(1000); };
  REQUIRE(queues.drain(true));
  CHECK(queues.intake.lines.size() == 1);
  CHECK(queues.keys(raw) == "1");
}
