#include "agent/schedule.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <stdexcept>
#include <utility>

#include "core/io/block_codec.hpp"
#include "core/runtime/log.hpp"
#include "tests/support/fake_clock.hpp"

using namespace scops;
using scops::test::FakeClock;

namespace {

constexpr TimeMs noon = 1'700'000'000'000;  // a multiple of 10 s

// A collector that does what the test says.
struct Scripted final : PullCollector {
  std::function<Status(Emit&)> script;
  Status collect(Emit& emit) override { return script(emit); }
};

struct Frame {
  explicit Frame(std::function<Status(Emit&)> script) { collector.script = std::move(script); }
  static PipelineSettings settings() {
    PipelineSettings settings;
    settings.series_max = 100;
    settings.samples_max = 1000;
    return settings;
  }
  FakeClock clock{noon};
  Stats stats;
  Pipeline pipeline{settings(), 1000, stats};
  Scripted collector;
  Schedule schedule{"test", collector, Duration{10'000}, pipeline, clock, stats};
};

}  // namespace

TEST_CASE("the first tick is at the start, the second a second later, then at the wall clock's multiples",
          "[collect]") {
  FakeClock clock(noon + 3'250);
  Ticker ticker(Duration{10'000}, Duration{0}, clock);
  const auto start = clock.steady();
  CHECK(ticker.due() == start);
  ticker.advance();
  CHECK(ticker.due() == start + 1'000);
  clock.advance(1'000);
  ticker.advance();
  CHECK(ticker.due() == start + 6'750);  // noon + 10 s
  clock.advance(5'750);
  CHECK(ticker.advance() == 0);
  CHECK(ticker.due() == start + 16'750);
}

TEST_CASE("a start just before a multiple does not skip one", "[collect]") {
  FakeClock clock(noon + 950);
  Ticker ticker(Duration{1'000}, Duration{0}, clock);
  ticker.advance();
  clock.advance(1'000);
  const auto second = clock.steady();
  ticker.advance();
  CHECK(ticker.due() == second + 50);  // noon + 2 s
  clock.advance(50);
  ticker.advance();
  CHECK(ticker.due() == second + 1'050);
}

TEST_CASE("an offset moves every tick", "[collect]") {
  FakeClock clock(noon);
  Ticker ticker(Duration{10'000}, Duration{500}, clock);
  const auto start = clock.steady();
  CHECK(ticker.due() == start + 500);
  clock.advance(500);
  ticker.advance();
  clock.advance(1'000);
  ticker.advance();
  CHECK(ticker.due() == start + 10'500);
}

TEST_CASE("a late tick counts what it missed and is back on the multiples", "[collect]") {
  FakeClock clock(noon);
  Ticker ticker(Duration{10'000}, Duration{0}, clock);
  ticker.advance();
  clock.advance(1'000);
  ticker.advance();
  const auto due = ticker.due();  // noon + 10 s
  clock.advance(9'000 + 34'000);
  CHECK(ticker.advance() == 3);
  CHECK(ticker.due() == due + 40'000);
}

TEST_CASE("a wall clock that steps back an hour neither stops the ticks nor repeats one", "[collect]") {
  FakeClock clock(noon);
  Ticker ticker(Duration{10'000}, Duration{0}, clock);
  ticker.advance();
  clock.advance(1'000);
  ticker.advance();
  clock.advance(9'000);
  const auto now = clock.steady();
  clock.set_wall(clock.wall() - 3'601'000);
  ticker.advance();
  CHECK(ticker.due() > now + 5'000);
  CHECK(ticker.due() <= now + 15'000);
}

TEST_CASE("a wall clock that steps forward by years does not make the ticks run wild", "[collect]") {
  FakeClock clock(1'000);
  Ticker ticker(Duration{10'000}, Duration{0}, clock);
  ticker.advance();
  clock.advance(1'000);
  ticker.advance();
  clock.advance(8'000);
  clock.set_wall(noon);
  const auto now = clock.steady();
  CHECK(ticker.advance() == 0);
  CHECK(ticker.due() > now);
  CHECK(ticker.due() <= now + 15'000);
}

TEST_CASE("a capture on its multiple has the whole second as its time, any other its milliseconds",
          "[collect]") {
  CHECK(capture_time(noon, true) == noon);
  CHECK(capture_time(noon + 99, true) == noon);
  CHECK(capture_time(noon + 100, true) == noon + 100);
  CHECK(capture_time(noon + 999, true) == noon + 999);
}

TEST_CASE("a capture of the start never shares its time with one that the agent before made on its multiple",
          "[collect]") {
  FakeClock clock(noon + 30);
  Ticker ticker(Duration{1'000}, Duration{0}, clock);
  CHECK_FALSE(ticker.on_multiple());
  CHECK(capture_time(noon + 30, false) == noon + 30);
  ticker.advance();
  CHECK_FALSE(ticker.on_multiple());
  clock.advance(1'000);
  ticker.advance();
  CHECK(ticker.on_multiple());
}

TEST_CASE("the samples of one capture share its time", "[collect]") {
  Frame frame([](Emit& emit) -> Status {
    emit.gauge("a", 1);
    emit.metric({.name = "b", .value = 2, .time = 42});
    return Ok{};
  });
  frame.clock.advance(1'034);
  frame.schedule.capture();
  const auto set = decode_block(frame.pipeline.flush().at(0).bytes);
  REQUIRE(set);
  REQUIRE(set->samples.size() == 2);
  CHECK(set->samples[0].time == noon + 1'034);  // the first of a start: to the millisecond
  CHECK(set->samples[1].time == 42);
}

TEST_CASE("a capture that fails is counted and said, the next one goes on", "[collect]") {
  bool fail = true;
  Frame frame([&fail](Emit& emit) -> Status {
    if (fail) return Error{ErrorKind::retry, "open /dev/gone: no such device"};
    emit.gauge("a", 1);
    return Ok{};
  });
  log::set_sink([](std::string_view) {});
  frame.schedule.capture();
  CHECK(frame.schedule.state().errors == 1);
  CHECK(frame.schedule.state().last_error == "open /dev/gone: no such device");
  fail = false;
  frame.schedule.capture();
  log::set_sink(nullptr);
  CHECK(frame.schedule.state().runs == 2);
  CHECK(frame.schedule.state().errors == 1);
  CHECK(frame.schedule.state().last_error.empty());
  CHECK(frame.pipeline.flush().size() == 1);
}

TEST_CASE("a part that fails costs only itself, and what is absent is no error", "[collect]") {
  Frame frame([](Emit& emit) -> Status {
    emit.trouble("fs", {ErrorKind::retry, "statvfs /data: timed out"});
    emit.trouble("pressure", {ErrorKind::absent, "no /proc/pressure"});
    emit.gauge("a", 1);
    return Ok{};
  });
  log::set_sink([](std::string_view) {});
  frame.schedule.capture();
  log::set_sink(nullptr);
  CHECK(frame.schedule.state().errors == 1);
  CHECK(frame.schedule.state().last_error == "fs: statvfs /data: timed out");
  CHECK(frame.pipeline.flush().at(0).records == 1);
}

TEST_CASE("a capture that finds no such thing is no error, and says why", "[collect]") {
  Frame frame([](Emit&) -> Status { return Error{ErrorKind::absent, "no libnvidia-ml.so.1"}; });
  frame.schedule.capture();
  CHECK(frame.schedule.state().errors == 0);
  CHECK(frame.schedule.state().last_error.empty());
  CHECK(frame.schedule.state().absent == "no libnvidia-ml.so.1");
}

TEST_CASE("an exception in a collector is a bug that is counted, not the end of the agent", "[collect]") {
  Frame frame([](Emit&) -> Status { throw std::runtime_error("out of range"); });
  log::set_sink([](std::string_view) {});
  frame.schedule.capture();
  log::set_sink(nullptr);
  CHECK(frame.schedule.state().last_error == "BUG: out of range");
}

TEST_CASE("a capture that hangs is counted as skipping while it hangs", "[collect]") {
  Schedule::State seen;
  Frame* shared = nullptr;
  Frame frame([&](Emit&) -> Status {
    shared->clock.advance(35'000);
    seen = shared->schedule.state();
    return Ok{};
  });
  shared = &frame;
  frame.schedule.capture();
  CHECK(seen.busy_ms == 35'000);
  CHECK(seen.skipped == 3);
  CHECK(frame.schedule.state().busy_ms == 0);
}

TEST_CASE("captures keep whole seconds, but never give a time again when the clock is set back",
          "[collect]") {
  CaptureTimes times;
  CHECK(times.next(noon + 3, true) == noon);
  CHECK(times.next(noon + 10'003, true) == noon + 10'000);
  CHECK(times.next(noon + 7, true) == noon + 2);  // set back by 10 s
  CHECK(times.next(noon + 10'000, true) == noon + 10'002);
  CHECK(times.next(noon + 20'002, true) == noon + 20'000);
  CHECK(times.next(noon + 10'001, true) == noon + 10'003);  // and again
  CHECK(times.next(noon + 20'300, true) == noon + 20'300);
  CHECK(times.next(noon - 3'600'000 + 10, true) == noon - 3'600'000);  // before all that was given
  CHECK(times.next(noon + 10'000, true) == noon + 10'004);             // and into it
  constexpr TimeMs years = 10LL * 365 * 86'400'000;
  CHECK(times.next(noon + years + 5, true) == noon + years);
  CHECK(times.next(noon + 30'005, true) == noon + 30'000);  // new again: not within what was given
  CHECK(times.next(60'005, true) == 60'000);
}

TEST_CASE("a schedule goes on whatever the wall clock does", "[collect]") {
  FakeClock clock(noon);
  Ticker ticker(Duration{10'000}, Duration{500}, clock);
  for (const TimeMs wall : {TimeMs{0}, noon + 777, TimeMs{-5'000}, 4 * noon, TimeMs{1}, noon - 3'000}) {
    clock.set_wall(wall);
    clock.set_steady(std::max(clock.steady(), ticker.due()));
    CHECK(ticker.advance() == 0);
    CHECK(ticker.due() > clock.steady());
    CHECK(ticker.due() <= clock.steady() + 15'000);
  }
}
