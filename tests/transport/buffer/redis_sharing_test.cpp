// Several agents on one Redis, a cluster, limits, and what it costs.
#include <unistd.h>

#include <cmath>
#include <set>

#include "core/io/block_codec.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/transport/buffer/redis_fixture.hpp"
#include "tests/transport/buffer/redis_lossy_link.hpp"

namespace scops {
namespace {

using test::ack;
using test::block_of;
using test::put;
using test::read;
using test::RedisFixture;
using test::RedisServer;

std::set<std::string> bytes_of(const std::vector<Block>& blocks) {
  std::set<std::string> bytes;
  for (const Block& block : blocks) bytes.insert(block.bytes);
  return bytes;
}

TEST_CASE("agents of different names on one Redis do not disturb each other", "[buffer][redis]") {
  RedisFixture one;
  RedisFixture two;
  const auto first = one.open_store();
  const auto second = two.open_store();
  put(*first, block_of(1, one.clock.wall(), 1));
  CHECK(read(*second, "a").empty());
  put(*second, block_of(2, one.clock.wall(), 2));
  ack(*first, "a", read(*first, "a"));
  CHECK(second->stats().records == 2);
  CHECK(drop_stored(one.target, one.name, one.clock));
  CHECK(read(*second, "a").size() == 1);
}

TEST_CASE("agents of one name share the work: each block goes to one of them", "[buffer][redis]") {
  RedisFixture fixture;
  const auto first = fixture.open_store(test::buffer_settings(), {"a"}, "one");
  const auto second = fixture.open_store(test::buffer_settings(), {"a"}, "two");
  for (std::uint64_t i = 0; i < 50; ++i)
    put(i % 3 == 0 ? *first : *second, block_of(1, fixture.clock.wall(), i));
  std::set<std::string> all;
  std::size_t blocks = 0;
  for (bool more = true; more;) {
    more = false;
    for (RedisBuffer* buffer : {first.get(), second.get()}) {
      const auto some = read(*buffer, "a", Kind::metrics, 7);
      more = more || !some.empty();
      blocks += some.size();
      all.merge(bytes_of(some));
      ack(*buffer, "a", some);
    }
  }
  CHECK(blocks == 50);
  CHECK(all.size() == 50);
  CHECK(fixture.length() == "0");
  CHECK(first->maintain(fixture.clock.wall()));
  CHECK(first->stats().bytes == 0);
}

TEST_CASE("what an agent that is gone has not acked is taken over by another", "[buffer][redis]") {
  RedisFixture fixture;
  fixture.gone = std::chrono::milliseconds(200);
  auto lost = fixture.open_store(test::buffer_settings(), {"a"}, "lost");
  const auto heir = fixture.open_store(test::buffer_settings(), {"a"}, "heir");
  for (std::uint64_t i = 0; i < 100; ++i) put(*lost, block_of(1, fixture.clock.wall(), i));
  const auto blocks = read(*lost, "a");
  CHECK(read(*heir, "a").empty());
  CHECK(heir->maintain(fixture.clock.wall()));
  CHECK(read(*heir, "a").empty());  // too early
  lost.reset();
  const TimeMs now = fixture.clock.wall();
  const bool taken = test::eventually([&] {
    fixture.clock.advance(30'000);
    return heir->maintain(now) && !read(*heir, "a").empty();
  });
  CHECK(taken);
  CHECK(bytes_of(read(*heir, "a")) == bytes_of(blocks));
  ack(*heir, "a", blocks);
  CHECK(fixture.length() == "0");
}

TEST_CASE("an agent that is alive keeps what it has, however long its output is away", "[buffer][redis]") {
  RedisFixture fixture;
  fixture.gone = std::chrono::seconds(4);  // longer than a busy machine stops us
  const auto busy = fixture.open_store(test::buffer_settings(), {"a"}, "busy");
  const auto other = fixture.open_store(test::buffer_settings(), {"a"}, "other");
  put(*busy, block_of(1, fixture.clock.wall(), 1));
  const auto blocks = read(*busy, "a");
  const TimeMs now = fixture.clock.wall();
  const SystemClock real;
  for (const std::int64_t start = real.steady(); real.steady() < start + 4500;) {
    fixture.clock.advance(30'000);
    CHECK(busy->maintain(now));
    CHECK(other->maintain(now));
    ::usleep(20'000);
  }
  CHECK(read(*other, "a").empty());
  CHECK(read(*busy, "a").size() == 1);
}

TEST_CASE("what all have acked but nobody has deleted is removed", "[buffer][redis]") {
  RedisFixture fixture;
  const auto buffer = fixture.open_store(test::buffer_settings(), {"a", "b"});
  for (std::uint64_t i = 0; i < 40; ++i) put(*buffer, block_of(1, fixture.clock.wall(), i));
  const auto blocks = read(*buffer, "a");
  (void)read(*buffer, "b");
  for (std::size_t i = 0; i < 30; ++i) {
    const std::string id = to_place(blocks[i].id)->id.text();
    for (const char* output : {"a", "b"}) fixture.run({"XACK", fixture.key("metrics"), output, id});
  }
  CHECK(fixture.length() == "40");
  CHECK(buffer->maintain(fixture.clock.wall()));
  CHECK(fixture.length() == "10");
  CHECK(buffer->stats().blocks == 10);
  CHECK(fixture.dropped("age") == 0);
}

TEST_CASE("one output's ack of a block that it was not given yet counts once it is given",
          "[buffer][redis]") {
  RedisFixture fixture;
  const auto buffer = fixture.open_store(test::buffer_settings(), {"a", "b"});
  const BlockId early = put(*buffer, block_of(1, fixture.clock.wall(), 1));
  put(*buffer, block_of(1, fixture.clock.wall(), 2));
  CHECK(buffer->ack("a", {&early, 1}));
  CHECK(read(*buffer, "a").size() == 1);
  CHECK(read(*buffer, "b").size() == 2);
  ack(*buffer, "b", read(*buffer, "b"));
  CHECK(buffer->stats().blocks == 1);
  ack(*buffer, "a", read(*buffer, "a"));
  CHECK(buffer->stats().blocks == 0);
}

TEST_CASE("in a cluster the buffer works wherever its keys are", "[buffer][redis]") {
  test::RedisCluster cluster;
  for (int i = 0; i < 4; ++i) {
    RedisFixture fixture(cluster.node(0));
    const auto buffer = fixture.open_store(test::buffer_settings(), {"a", "b"});
    const TimeMs now = fixture.clock.wall();
    put(*buffer, block_of(2, now, 1));
    put(*buffer, block_of(3, now, 2, Kind::logs));
    const auto reopened = fixture.open_store(test::buffer_settings(), {"a", "b"});
    CHECK(reopened->stats().records == 5);
    for (const char* output : {"a", "b"}) {
      for (const Kind kind : {Kind::metrics, Kind::logs})
        ack(*reopened, output, read(*reopened, output, kind));
    }
    CHECK(reopened->maintain(now));
    CHECK(reopened->stats().blocks == 0);
  }
}

TEST_CASE("by bytes the oldest blocks of all kinds give way", "[buffer][redis]") {
  RedisFixture fixture;
  const TimeMs now = fixture.clock.wall();
  const std::uint64_t size = block_of(2, now, 100).bytes.size();
  BufferSettings settings = test::buffer_settings();
  settings.bytes_max = {5 * size + size / 2};
  const auto buffer = fixture.open_store(settings);
  for (std::uint64_t i = 0; i < 40; ++i)
    put(*buffer, block_of(2, now, 100 + i, i % 2 == 0 ? Kind::metrics : Kind::logs));
  CHECK(buffer->stats().blocks == 5);
  CHECK(fixture.dropped("bytes") == 70);
  CHECK(read(*buffer, "a", Kind::metrics).back().bytes == block_of(2, now, 138).bytes);
  CHECK(read(*buffer, "a", Kind::logs).size() == 3);
}

TEST_CASE("a block that has grown too old in the middle of a stream is not read", "[buffer][redis]") {
  RedisFixture fixture;
  const TimeMs now = fixture.clock.wall();
  const auto buffer = fixture.open_store(test::buffer_settings(), {"a", "b"});
  put(*buffer, block_of(1, now, 1));
  put(*buffer, block_of(4, now - 5LL * 3600 * 1000, 2));
  put(*buffer, block_of(1, now, 3));
  CHECK(buffer->maintain(now));
  CHECK(read(*buffer, "a").size() == 2);
  CHECK(read(*buffer, "b").size() == 2);
  CHECK(fixture.dropped("age") == 4);
}

TEST_CASE("to have a look changes nothing, and all can be dropped", "[buffer][redis]") {
  RedisFixture fixture;
  put(*fixture.open_store(), block_of(3, fixture.clock.wall(), 1));
  {
    const auto look = fixture.open_store(test::buffer_settings(), {});
    CHECK(look->stats().blocks == 1);
    CHECK(look->stats().records == 3);
    CHECK(look->stats().oldest == fixture.clock.wall());
  }
  CHECK(fixture.length() == "1");
  CHECK(drop_stored(fixture.target, fixture.name, fixture.clock));
  CHECK(fixture.run({"EXISTS", fixture.key("metrics"), fixture.key("size"), fixture.key("logs")}) == "0");
  fixture.open_store(test::buffer_settings(), {});
  CHECK(fixture.run({"EXISTS", fixture.key("metrics"), fixture.key("size"), fixture.key("logs")}) == "0");
}

// Some 6 bytes a record that do not compress. As it is, seven of them are more than a reply may have here.
Block large(std::uint64_t mark, TimeMs now, std::uint64_t records = 1600) {
  std::vector<Sample> samples;
  for (std::uint64_t i = 1; i <= records; ++i)
    samples.push_back({0, now, 1.0 / static_cast<double>(i + mark)});
  return encode_block(std::vector<Series>(1), samples);
}

TEST_CASE("blocks that are too large for one reply together are looked at one by one", "[buffer][redis]") {
  RedisFixture fixture;
  fixture.target.reply_max = 64U << 10U;
  const TimeMs now = fixture.clock.wall();
  BufferSettings settings = test::buffer_settings();
  const std::uint64_t size = large(0, now).bytes.size();
  REQUIRE(7 * size > fixture.target.reply_max);
  SECTION("when room has to be made") {
    const auto buffer = fixture.open_store(settings);
    for (std::uint64_t i = 0; i < 20; ++i) put(*buffer, large(i, now));
    settings.bytes_max = {2 * size + size / 2};
    put(*fixture.open_store(settings), large(20, now));
    CHECK(fixture.length() == "2");
    CHECK(fixture.dropped("bytes") == 19 * 1600);
  }
  SECTION("when they are too old") {
    const auto buffer = fixture.open_store(settings);
    for (std::uint64_t i = 0; i < 20; ++i) put(*buffer, large(i, now));
    CHECK(buffer->maintain(now + 5LL * 3600 * 1000));
    CHECK(fixture.length() == "0");
  }
  SECTION("when nobody waits for them") {
    const auto buffer = fixture.open_store(settings, {"a", "b"});
    for (std::uint64_t i = 0; i < 20; ++i) put(*buffer, large(i, now));
    const auto blocks = read(*buffer, "a");
    CHECK(read(*buffer, "b").size() == 20);
    for (std::size_t i = 0; i < 15; ++i) {
      const std::string id = to_place(blocks[i].id)->id.text();
      for (const char* output : {"a", "b"}) fixture.run({"XACK", fixture.key("metrics"), output, id});
    }
    CHECK(buffer->maintain(now));
    CHECK(fixture.length() == "5");
  }
  SECTION("when a put is in doubt") {
    test::LossyLink link(fixture.server.socket());
    fixture.target.socket = link.path();
    fixture.target.reply_max = 8U << 10U;  // so that the server takes the whole transaction at once
    const auto buffer = fixture.open_store(settings);
    std::vector<Block> blocks;
    for (std::uint64_t i = 0; i < 10; ++i) blocks.push_back(large(i, now, 200));
    REQUIRE(10 * blocks[0].bytes.size() > fixture.target.reply_max);
    REQUIRE(10 * blocks[0].bytes.size() < 14'000);
    std::vector<const Block*> all;
    for (const Block& block : blocks) all.push_back(&block);
    link.lose_next_exec();
    REQUIRE_FALSE(buffer->put_all(all));
    CHECK(fixture.length() == "10");
    fixture.clock.advance(60'000);  // time for the next connection
    CHECK(buffer->maintain(now));
    CHECK(fixture.length() == "0");
  }
}

// Names as a board has them, values that move as measurements do.
Block realistic(int flush, TimeMs now) {
  std::vector<Series> series;
  std::vector<Sample> samples;
  for (int i = 0; i < 100; ++i) {
    const std::string number = std::to_string(i % 12);
    series.push_back(
        {.name = (i % 2 == 0 ? "Chouette.docker.memory.usage." : "Chouette.host.cpu.") + std::to_string(i),
         .tags = {"container:service-" + number, "fleet:north", "host:board-17"}});
    const double value =
        i % 2 == 0 ? std::round(1e8 + 1e6 * std::sin(flush + i)) : std::round(100 * std::sin(flush * i)) / 10;
    samples.push_back({static_cast<std::uint32_t>(i), now, value});
  }
  return encode_block(series, samples);
}

TEST_CASE("a point costs at most 16 bytes of Redis", "[buffer][redis]") {
  RedisFixture fixture;
  const auto buffer = fixture.open_store();
  for (int flush = 0; flush < 480; ++flush)
    put(*buffer, realistic(flush, fixture.clock.wall() + 30'000LL * flush));
  const auto usage = [&](const char* what) {
    return std::stod(fixture.run({"MEMORY", "USAGE", fixture.key(what), "SAMPLES", "0"}));
  };
  const double a_point = (usage("metrics") + usage("size")) / 48'000;
  INFO("bytes of blocks a point: " << static_cast<double>(buffer->stats().bytes) / 48'000);
  INFO("bytes of Redis a point: " << a_point);
  CHECK(a_point <= 16);
}

// One command, made if `guarded` is empty or the key has that value.
class Erase final : public RedisCommands {
 public:
  Erase(std::string key, std::string guarded) : key_(std::move(key)), guarded_(std::move(guarded)) {}
  [[nodiscard]] std::size_t count() const override { return 1; }
  void write(RedisWriter& to) const override { to.command({"DEL", key_}); }
  [[nodiscard]] Guard guard() const override {
    return guarded_.empty() ? Guard{} : Guard{.key = key_ + ".lease", .value = guarded_};
  }

 private:
  std::string key_, guarded_;
};

TEST_CASE("correction 3d: a put together with commands is one transaction", "[buffer][redis]") {
  RedisServer server;
  test::HeldRedisFixture fixture(server);
  BufferSettings settings = test::buffer_settings();
  settings.hold = std::chrono::seconds(60);
  const auto buffer = fixture.open(settings, {"a"});
  const std::vector<Block> blocks = {block_of(2, fixture.clock.wall(), 1)};
  put(*buffer, block_of(3, fixture.clock.wall(), 0));
  fixture.run({"SET", "queue", "x"});
  CHECK(buffer->put_together(blocks, Erase("queue", "")).value_or(false));
  CHECK(fixture.run({"EXISTS", "queue"}) == "0");
  CHECK(fixture.length() == "2");  // the held one first
  const auto stored = read(*buffer, "a");
  REQUIRE(stored.size() == 2);
  CHECK(stored[1].bytes == blocks[0].bytes);

  fixture.run({"SET", "queue", "x"});
  fixture.run({"SET", "queue.lease", "theirs"});
  const auto theirs = buffer->put_together(blocks, Erase("queue", "ours"));
  REQUIRE_FALSE(theirs);
  CHECK(theirs.error().kind == ErrorKind::retry);
  CHECK(fixture.run({"EXISTS", "queue"}) == "1");
  CHECK(fixture.length() == "2");

  put(*buffer, block_of(3, fixture.clock.wall(), 5));
  fixture.run({"CONFIG", "SET", "maxmemory", "1"});
  const auto full = buffer->put_together(blocks, Erase("queue", ""));
  REQUIRE(full);
  CHECK_FALSE(*full);
  CHECK(fixture.run({"EXISTS", "queue"}) == "1");
  CHECK(buffer->stats().blocks == 3);

  server.kill();
  const auto away = buffer->put_together(blocks, Erase("queue", ""));
  REQUIRE_FALSE(away);
  CHECK(away.error().kind == ErrorKind::retry);
}

TEST_CASE("a put together that meets somebody else's key loses nothing", "[buffer][redis]") {
  RedisFixture fixture;
  const auto buffer = fixture.open_store();
  fixture.run({"DEL", fixture.key("metrics")});
  fixture.run({"SET", fixture.key("metrics"), "theirs"});
  fixture.run({"SET", fixture.key("queue"), "x"});
  const std::vector<Block> blocks = {block_of(2, fixture.clock.wall(), 1),
                                     block_of(2, fixture.clock.wall(), 2, Kind::logs)};
  const auto done = buffer->put_together(blocks, Erase(fixture.key("queue"), ""));
  REQUIRE(done);
  CHECK_FALSE(*done);  // so the caller puts them on their own
  CHECK(fixture.length("logs") == "0");
  for (const Block& block : blocks) put(*buffer, block);
  CHECK(buffer->stats().records == 4);
}

}  // namespace
}  // namespace scops
