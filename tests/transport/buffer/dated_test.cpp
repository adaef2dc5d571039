// What stores do with blocks whose clock was wrong. The rules are timeline_test.cpp's; here is whether each
// store keeps them.
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "core/io/block_codec.hpp"
#include "core/runtime/timeline.hpp"
#include "tests/support/blocks.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/transport/buffer/redis_fixture.hpp"
#include "transport/buffer/buffer.hpp"

namespace scops::test {
namespace {

constexpr TimeMs built = 1'600'000'000'000;
constexpr TimeMs today = 1'700'000'000'000;

// A board of one boot, with a state folder.
struct Board {
  explicit Board(std::string type) : settings(buffer_settings()) {
    settings.type = std::move(type);
    settings.metric_ttl = std::chrono::hours(4);
    if (settings.type != "redis") return;
    redis = shared_redis().target();
    redis_name = fresh_name();
  }
  void start(std::uint32_t boot) {
    buffer.reset();
    timeline = std::make_unique<Timeline>(clock, boot, built);
    auto opened = open_buffer(settings, {.folder = folder.path(),
                                         .outputs = {"a"},
                                         .clock = &clock,
                                         .stats = &stats,
                                         .redis = redis,
                                         .redis_name = redis_name,
                                         .consumer = "board",
                                         .timeline = timeline.get()});
    REQUIRE(opened);
    buffer = std::move(*opened);
  }
  // A block that is taken now.
  void take() {
    Block block = block_of(1, clock.wall(), mark++);
    stamp_block(block.bytes, timeline->stamp());
    put(*buffer, std::move(block));
  }
  [[nodiscard]] std::vector<Block> read() const { return test::read(*buffer, "a"); }
  [[nodiscard]] double dropped(const std::string& reason) {
    return stats.counter("scops_buffer_dropped_records_total", "", "reason=\"" + reason + "\"").value();
  }
  void pass(std::int64_t milliseconds) {
    clock.advance(milliseconds);
    REQUIRE(buffer->maintain(clock.wall()));
  }

  BufferSettings settings;
  TempDir folder;
  std::optional<RedisTarget> redis;
  std::string redis_name;
  FakeClock clock{60'000};
  Stats stats;
  std::unique_ptr<Timeline> timeline;
  std::unique_ptr<Buffer> buffer;
  std::uint64_t mark = 0;
};

}  // namespace

TEST_CASE("blocks of 1970 wait, also for a restart within the boot, and come with their shift",
          "[buffer][time]") {
  const std::string type = GENERATE("embedded", "memory", "redis");
  Board board(type);
  board.settings.hold = Duration{GENERATE(0, 60'000)};
  board.start(7);
  board.take();
  board.pass(10'000);
  CHECK(board.read().empty());
  CHECK(board.buffer->stats().blocks == 1);
  if (type != "memory") board.start(7);
  board.take();
  board.clock.set_wall(today);
  board.pass(0);
  const auto blocks = board.read();
  REQUIRE(blocks.size() == 2);
  CHECK(blocks[0].newest + blocks[0].shift >= today - 10'001);
  CHECK(blocks[0].newest + blocks[0].shift <= today - 10'000);
  CHECK(blocks[1].newest + blocks[1].shift <= today);
  CHECK(board.buffer->stats().oldest == blocks[0].newest + blocks[0].shift);
  ack(*board.buffer, "a", blocks);
  CHECK(board.buffer->stats().blocks == 0);
  CHECK(board.dropped("age") + board.dropped("undated") == 0);
}

TEST_CASE("a batch that was read can be read again while the clock holds it back", "[buffer][time]") {
  Board board(GENERATE("embedded", "memory", "redis"));
  board.settings.hold = Duration{GENERATE(0, 60'000)};
  board.clock.set_wall(today);
  board.start(7);
  board.take();
  board.take();
  const auto ids = ids_of(board.read());
  REQUIRE(ids.size() == 2);
  board.clock.set_wall(60'000);
  board.pass(1000);
  CHECK(board.read().empty());
  CHECK(board.buffer->read("a", Kind::metrics, {.only = ids})->empty());
  CHECK(ids_of(*board.buffer->read("a", Kind::metrics, {.only = ids, .held = true})) == ids);
}

TEST_CASE("a clock that runs away for a while ages nothing", "[buffer][time]") {
  Board board(GENERATE("embedded", "redis"));
  board.clock.set_wall(today);
  board.start(7);
  board.take();
  board.clock.set_wall(2 * today);
  board.pass(1000);
  board.take();
  board.clock.set_wall(60'000);
  board.pass(1000);
  board.clock.set_wall(today + 3000);
  board.pass(0);
  CHECK(board.read().size() == 2);
  board.pass(14'400'000);
  CHECK(board.dropped("age") == 2);
}

TEST_CASE("blocks of a boot whose clock was never set are dropped by the next, counted apart",
          "[buffer][time]") {
  Board board(GENERATE("embedded", "redis"));
  board.clock.set_wall(today);
  board.start(6);
  board.take();
  board.clock.set_wall(60'000);
  board.clock.set_boot(1000);
  board.start(7);
  board.take();
  board.pass(1000);
  CHECK(board.buffer->stats().blocks == 2);  // the clock of 1970 throws nothing away
  board.clock.set_wall(60'000);
  board.clock.set_boot(1000);
  board.start(8);
  board.pass(1000);
  CHECK(board.read().empty());  // behind others, Redis drops it only now
  CHECK(board.dropped("undated") == 1);
  board.clock.set_wall(today + 60'000);
  board.pass(0);
  const auto blocks = board.read();
  REQUIRE(blocks.size() == 1);
  CHECK(blocks[0].newest == today);
  CHECK(blocks[0].shift == 0);
}

}  // namespace scops::test
