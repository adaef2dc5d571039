#include "agent/pipeline/intake.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <limits>

#include "core/io/block_codec.hpp"
#include "core/io/redis.hpp"
#include "tests/agent/pipeline/reports.hpp"
#include "tests/support/fake_clock.hpp"

using namespace scops;
using namespace scops::test;

namespace {

struct Erase final : RedisCommands {
  [[nodiscard]] std::size_t count() const override { return 1; }
  void write(RedisWriter& to) const override { to.command({"DEL", "queue"}); }
};

// Records what it is given; together or not, failing or not, as told.
struct FakeBuffer final : Buffer {
  bool same_store = true;
  bool together_fails = false;
  std::size_t puts_before_failure = SIZE_MAX;
  std::vector<Block> together, alone;
  const RedisCommands* ran = nullptr;

  Result<BlockId> put(Block block) override {
    if (alone.size() == puts_before_failure) return Error{ErrorKind::retry, "put: disk full"};
    alone.push_back(std::move(block));
    return BlockId{};
  }
  Result<bool> put_together(std::span<const Block> blocks, const RedisCommands& commands) override {
    if (together_fails) return Error{ErrorKind::retry, "redis: timeout"};
    if (!same_store) return false;
    together.insert(together.end(), blocks.begin(), blocks.end());
    ran = &commands;
    return true;
  }
  Result<std::vector<Block>> read(std::string_view, Kind, Wanted) override { return std::vector<Block>{}; }
  Status ack(std::string_view, std::span<const BlockId>) override { return Ok{}; }
  Status maintain(TimeMs) override { return Ok{}; }
  [[nodiscard]] BufferStats stats() const override { return {}; }
};

struct Fixture {
  PipelineSettings settings;
  Stats stats;
  FakeBuffer buffer;
  Erase erase;
  PipelineIntake intake{settings, block_records_max, buffer, stats};

  explicit Fixture(PipelineSettings from = raw_settings()) : settings(std::move(from)) {}

  void give_one_of_each() {
    intake.raw(Report{.type = RawType::count, .value = 2, .time = 1000}.sample());
    intake.point({.name = "wrapped", .value = 5, .time = window_start});
    intake.log(window_start, R"({"message":"hello"})");
  }
  double total(std::string_view name) { return stats.counter(name, "").value(); }
};

std::vector<LogRecord> logs_of(const std::vector<Block>& blocks) {
  std::vector<LogRecord> all;
  for (const Block& block : blocks) {
    if (block.kind != Kind::logs) continue;
    const auto records = decode_log_block(block.bytes);
    REQUIRE(records);
    all.insert(all.end(), records->begin(), records->end());
  }
  return all;
}

const Lines both_points = {"wrapped{} gauge @0 = 5", "x{} count/10 @1000 = 2"};

}  // namespace

TEST_CASE("Correction d: what was read and its removal are one transaction where that is possible",
          "[intake]") {
  Fixture fixture;
  fixture.give_one_of_each();
  const auto done = fixture.intake.commit(fixture.erase);
  REQUIRE(done);
  CHECK(*done);
  CHECK(fixture.buffer.ran == &fixture.erase);
  CHECK(lines_of(fixture.buffer.together) == both_points);
  CHECK(logs_of(fixture.buffer.together) == std::vector<LogRecord>{{window_start, R"({"message":"hello"})"}});
  CHECK(fixture.buffer.alone.empty());
}

TEST_CASE("Correction d: in another store it is put first, and the caller removes it", "[intake]") {
  Fixture fixture;
  fixture.buffer.same_store = false;
  fixture.give_one_of_each();
  const auto done = fixture.intake.commit(fixture.erase);
  REQUIRE(done);
  CHECK_FALSE(*done);
  CHECK(fixture.buffer.ran == nullptr);
  CHECK(lines_of(fixture.buffer.alone) == both_points);
  CHECK(logs_of(fixture.buffer.alone).size() == 1);
}

TEST_CASE("with nothing to put the caller still removes what was read", "[intake]") {
  Fixture fixture;
  fixture.intake.raw(Report{.type = RawType::other}.sample());
  const auto done = fixture.intake.commit(fixture.erase);
  REQUIRE(done);
  CHECK_FALSE(*done);
  CHECK(fixture.buffer.ran == nullptr);
  CHECK(dropped(fixture.stats, "unknown_type") == 1);
}

TEST_CASE("a commit closes its windows: the next one has only what came after it", "[intake]") {
  Fixture fixture;
  fixture.give_one_of_each();
  REQUIRE(fixture.intake.commit(fixture.erase));
  fixture.buffer.together.clear();
  fixture.intake.raw(Report{.type = RawType::count, .value = 7, .time = 2000}.sample());
  REQUIRE(fixture.intake.commit(fixture.erase));
  CHECK(lines_of(fixture.buffer.together) == Lines{"x{} count/10 @2000 = 7"});
  CHECK(logs_of(fixture.buffer.together).empty());
}

TEST_CASE("after a failed transaction nothing is kept: it is read again", "[intake]") {
  Fixture fixture;
  fixture.buffer.together_fails = true;
  fixture.give_one_of_each();
  const auto done = fixture.intake.commit(fixture.erase);
  REQUIRE_FALSE(done);
  CHECK(done.error().text == "redis: timeout");
  fixture.buffer.together_fails = false;
  fixture.give_one_of_each();
  REQUIRE(fixture.intake.commit(fixture.erase));
  CHECK(lines_of(fixture.buffer.together) == both_points);
}

TEST_CASE("what fails and is read again is counted once", "[intake]") {
  Fixture fixture;
  fixture.buffer.together_fails = true;
  fixture.give_one_of_each();
  REQUIRE_FALSE(fixture.intake.commit(fixture.erase));
  fixture.buffer.together_fails = false;
  fixture.give_one_of_each();
  REQUIRE(fixture.intake.commit(fixture.erase));
  CHECK(fixture.total("scops_pipeline_raw_samples_total") == 1);
  CHECK(fixture.total("scops_pipeline_points_total") == 1);
  CHECK(fixture.total("scops_pipeline_logs_total") == 1);
}

TEST_CASE("a commit that seemed to fail and turns out to have happened is counted then", "[intake]") {
  Fixture fixture;
  fixture.buffer.together_fails = true;
  fixture.give_one_of_each();
  REQUIRE_FALSE(fixture.intake.commit(fixture.erase));
  const Intake::Recount first = fixture.intake.recount();
  // The next one, of another queue, is another.
  fixture.intake.log(window_start, "{}");
  REQUIRE_FALSE(fixture.intake.commit(fixture.erase));
  CHECK(fixture.total("scops_pipeline_raw_samples_total") == 0);
  first();
  CHECK(fixture.total("scops_pipeline_raw_samples_total") == 1);
  CHECK(fixture.total("scops_pipeline_points_total") == 1);
  CHECK(fixture.total("scops_pipeline_logs_total") == 1);
}

TEST_CASE("a put that fails midway is an error, so that the queue is read again", "[intake]") {
  Fixture fixture;
  fixture.buffer.same_store = false;
  fixture.buffer.puts_before_failure = 1;
  fixture.give_one_of_each();
  const auto done = fixture.intake.commit(fixture.erase);
  REQUIRE_FALSE(done);
  CHECK(done.error().text == "put: disk full");
  fixture.buffer.puts_before_failure = SIZE_MAX;
  const auto nothing = fixture.intake.commit(fixture.erase);
  REQUIRE(nothing);
  CHECK(fixture.buffer.alone.size() == 1);
}

TEST_CASE("what is discarded is neither put nor counted", "[intake]") {
  Fixture fixture;
  fixture.give_one_of_each();
  fixture.intake.discard();
  REQUIRE(fixture.intake.commit(fixture.erase));
  CHECK(fixture.buffer.together.empty());
  CHECK(fixture.total("scops_pipeline_raw_samples_total") == 0);
}

TEST_CASE("points of others keep type, interval and time, and get global tags and filters", "[intake]") {
  PipelineSettings settings = raw_settings();
  settings.tags = {"site:7"};
  settings.exclude = {"bad.*"};
  Fixture fixture(settings);
  const std::array<Tag, 2> tags = {Tag{"k:v", ""}, Tag{"site:7", ""}};
  fixture.intake.point({.name = "good",
                        .value = 1.5,
                        .tags = tags,
                        .type = MetricType::rate,
                        .time = window_start + 10,
                        .interval_s = 15});
  fixture.intake.point({.name = "bad.one", .value = 1, .time = window_start});
  fixture.intake.point(
      {.name = "nan", .value = std::numeric_limits<double>::quiet_NaN(), .time = window_start});
  REQUIRE(fixture.intake.commit(fixture.erase));
  CHECK(lines_of(fixture.buffer.together) == Lines{"good{k:v,site:7} rate/15 @10 = 1.5"});
  CHECK(dropped(fixture.stats, "filtered") == 1);
  CHECK(dropped(fixture.stats, "not_finite") == 1);
}

TEST_CASE("several points of one series share a series entry", "[intake]") {
  Fixture fixture;
  for (int i = 0; i < 3; ++i) {
    fixture.intake.point({.name = "x", .value = 1.0 * i, .time = window_start + i * 10'000});
  }
  REQUIRE(fixture.intake.commit(fixture.erase));
  const auto set = decode_block(fixture.buffer.together.at(0).bytes);
  REQUIRE(set);
  CHECK(set->series.size() == 1);
  CHECK(set->samples.size() == 3);
}

TEST_CASE("raw samples of several windows become points of their own windows", "[intake]") {
  Fixture fixture;
  for (const TimeMs at : {1000, 11000, 2000, 21000}) {
    fixture.intake.raw(Report{.type = RawType::count, .value = 1, .time = at, .arrival = at}.sample());
  }
  REQUIRE(fixture.intake.commit(fixture.erase));
  CHECK(lines_of(fixture.buffer.together) ==
        Lines{"x{} count/10 @1000 = 2", "x{} count/10 @11000 = 1", "x{} count/10 @21000 = 1"});
}

TEST_CASE("no block holds more logs than one request takes", "[intake]") {
  Fixture fixture;
  for (int i = 0; i < 1001; ++i) fixture.intake.log(window_start + i, "{}");
  REQUIRE(fixture.intake.commit(fixture.erase));
  REQUIRE(fixture.buffer.together.size() == 3);
  CHECK(fixture.buffer.together[0].records == 500);
  CHECK(fixture.buffer.together[2].records == 1);
  CHECK(logs_of(fixture.buffer.together).at(1000).time == window_start + 1000);
}

TEST_CASE("large logs make more and smaller blocks", "[intake]") {
  Fixture fixture;
  const std::string large = "{\"message\":\"" + std::string(900'000, 'x') + "\"}";
  for (int i = 0; i < 6; ++i) fixture.intake.log(window_start, large);
  REQUIRE(fixture.intake.commit(fixture.erase));
  CHECK(fixture.buffer.together.size() == 2);
  CHECK(logs_of(fixture.buffer.together).size() == 6);
}

TEST_CASE("a log that is too long is dropped alone and counted", "[intake]") {
  Fixture fixture;
  fixture.intake.log(window_start, std::string(log_record_max + 1, 'x'));
  fixture.intake.log(window_start, "{}");
  REQUIRE(fixture.intake.commit(fixture.erase));
  CHECK(logs_of(fixture.buffer.together).size() == 1);
  CHECK(fixture.stats.counter("scops_pipeline_dropped_logs_total", "", "reason=\"too_long\"").value() == 1);
}

TEST_CASE("more logs between two commits than the bound are dropped and counted", "[intake]") {
  Fixture fixture;
  const std::string large(1'000'000, 'x');
  for (int i = 0; i < 40; ++i) fixture.intake.log(window_start, large);
  REQUIRE(fixture.intake.commit(fixture.erase));
  CHECK(logs_of(fixture.buffer.together).size() == 33);
  CHECK(fixture.stats.counter("scops_pipeline_dropped_logs_total", "", "reason=\"memory\"").value() == 7);
  fixture.intake.log(window_start, large);  // there is room again
  fixture.buffer.together.clear();
  REQUIRE(fixture.intake.commit(fixture.erase));
  CHECK(logs_of(fixture.buffer.together).size() == 1);
}

TEST_CASE("an input that commits when the intake is full loses no point to samples_max", "[intake]") {
  PipelineSettings settings = raw_settings();
  settings.samples_max = 1000;
  Fixture fixture(settings);
  for (int i = 0; i < 5000; ++i) {
    fixture.intake.point({.name = "x", .value = 1.0 * i, .time = window_start + i});
    if (fixture.intake.full()) REQUIRE(fixture.intake.commit(fixture.erase));
  }
  REQUIRE(fixture.intake.commit(fixture.erase));
  CHECK(fixture.total("scops_pipeline_points_total") == 5000);
  CHECK(dropped(fixture.stats, "samples_max") == 0);
  CHECK(lines_of(fixture.buffer.together).size() == 5000);
}

TEST_CASE("metrics come in blocks that fit one request", "[intake]") {
  PipelineSettings settings = raw_settings();
  Stats stats;
  FakeBuffer buffer;
  PipelineIntake intake(settings, 10, buffer, stats);
  for (int i = 0; i < 25; ++i) {
    intake.point({.name = "x", .value = 1.0 * i, .time = window_start + i});
  }
  REQUIRE(intake.commit(Erase{}));
  REQUIRE(buffer.together.size() == 3);
  CHECK(buffer.together[0].records == 10);
}

TEST_CASE("what applications report says by which clock it was taken, and that the times are theirs",
          "[intake][time]") {
  Fixture fixture;
  FakeClock clock;
  const Timeline timeline(clock, 7, 0);
  PipelineIntake intake(fixture.settings, block_records_max, fixture.buffer, fixture.stats, &timeline);
  intake.raw(Report{.type = RawType::count, .value = 2, .time = 1000}.sample());
  intake.log(window_start, R"({"message":"hello"})");
  REQUIRE(intake.commit(fixture.erase));
  REQUIRE(fixture.buffer.together.size() == 2);
  for (const Block& block : fixture.buffer.together) {
    Stamp stamp = timeline.stamp();
    stamp.theirs = true;
    CHECK(stamp_of_block(block.bytes) == stamp);
  }
}
