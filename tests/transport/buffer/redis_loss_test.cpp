// The buffer in a Redis that fails, is full, or is changed by others.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/support/agent_process.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/transport/buffer/redis_fixture.hpp"
#include "tests/transport/buffer/redis_lossy_link.hpp"

namespace scops {
namespace {

using test::ack;
using test::block_of;
using test::HeldRedisFixture;
using test::put;
using test::read;
using test::RedisFixture;
using test::RedisServer;

// A server that is stopped answers nothing: do not wait for it long.
constexpr Duration impatient = std::chrono::milliseconds(300);
// Longer than the client ever waits before it connects again.
constexpr std::int64_t backoff_ms = 60'000;

Result<std::vector<BlockId>> put_all(RedisBuffer& buffer, const std::vector<Block>& blocks) {
  std::vector<const Block*> all;
  for (const Block& block : blocks) all.push_back(&block);
  return buffer.put_all(all);
}

std::vector<std::string> bytes_of(const std::vector<Block>& blocks) {
  std::vector<std::string> bytes;
  for (const Block& block : blocks) bytes.push_back(block.bytes);
  return bytes;
}

TEST_CASE("what put returned for survives a kill of Redis with AOF, and nothing is invented",
          "[buffer][redis]") {
  RedisServer server({.appendonly = true});
  RedisFixture fixture(server);
  fixture.target.timeout = impatient;
  const auto buffer = fixture.open_store();
  std::vector<std::string> stored;
  std::atomic<std::uint64_t> mark = 0;
  std::jthread killer([&] {
    (void)test::eventually([&] { return mark > 40; });  // in the middle of any command
    server.kill();
  });
  for (bool up = true; up; ++mark) {
    const Block block = block_of(2, fixture.clock.wall(), mark);
    up = buffer->put(block).has_value();
    if (up) stored.push_back(block.bytes);
    const auto blocks =
        up && mark % 7 == 0 ? buffer->read("a", Kind::metrics, {.records = 3}) : std::vector<Block>();
    if (blocks && !blocks->empty() && buffer->ack("a", {&blocks->front().id, 1}))
      std::erase(stored, blocks->front().bytes);
  }
  killer.join();
  REQUIRE(mark.load() > 40);
  server.start();
  fixture.clock.advance(backoff_ms);
  const auto left = bytes_of(read(*buffer, "a"));
  // An ack in flight may have been done without our knowing; it is never undone.
  CHECK(left.size() <= stored.size());
  CHECK(left.size() + 1 >= stored.size());
  for (const std::string& bytes : left) CHECK(std::count(stored.begin(), stored.end(), bytes) == 1);
}

TEST_CASE("a Redis that comes back empty gets its streams again", "[buffer][redis]") {
  RedisServer server;
  RedisFixture fixture(server);
  const auto buffer = fixture.open_store();
  put(*buffer, block_of(1, fixture.clock.wall(), 1));
  CHECK(read(*buffer, "a").size() == 1);
  server.kill();
  server.start();
  fixture.clock.advance(backoff_ms);
  CHECK(read(*buffer, "a").empty());
  CHECK(buffer->stats().blocks == 0);
  put(*buffer, block_of(1, fixture.clock.wall(), 2));
  const auto blocks = read(*buffer, "a");
  REQUIRE(blocks.size() == 1);
  CHECK(blocks[0].bytes == block_of(1, fixture.clock.wall(), 2).bytes);
}

TEST_CASE("a Redis that comes back as it was before has lost what was put since, whatever it is asked first",
          "[buffer][redis]") {
  const std::string first = GENERATE("put", "put_together", "read", "ack", "maintain");
  INFO(first);
  RedisServer server({.appendonly = true});
  RedisFixture fixture(server);
  const auto buffer = fixture.open_store();
  const TimeMs now = fixture.clock.wall();
  put(*buffer, block_of(1, now, 1));
  const test::TempDir aside;
  const std::string live = server.folder() + "/appendonlydir";
  std::filesystem::copy(live, aside / "copy", std::filesystem::copy_options::recursive);
  put(*buffer, block_of(5, now, 2));
  const auto blocks = read(*buffer, "a");
  server.kill();
  std::filesystem::remove_all(live);
  std::filesystem::copy(aside / "copy", live, std::filesystem::copy_options::recursive);
  server.start();

  double left = 1;
  if (first == "put") {
    put(*buffer, block_of(7, now, 3));
    left += 7;
  } else if (first == "put_together") {
    const std::vector<Block> more = {block_of(7, now, 3)};
    CommandList beside;
    beside.add({"SET", beside.keep(fixture.key("beside")), "1"});
    const auto together = buffer->put_together(more, beside);
    REQUIRE(together);
    CHECK(*together);
    left += 7;
  } else if (first == "read") {
    CHECK(read(*buffer, "a").size() == 1);
  } else if (first == "ack") {
    ack(*buffer, "a", {blocks[1]});
  } else {
    CHECK(buffer->maintain(now));
  }
  CHECK(buffer->maintain(now));
  CHECK(fixture.dropped("vanished") == 5);  // even if it had been delivered, and only its ack was to come
  CHECK(static_cast<double>(buffer->stats().records) == left);
}

TEST_CASE("FLUSHALL under our feet costs what it deleted and no more", "[buffer][redis]") {
  RedisServer server;
  RedisFixture fixture(server);
  const auto buffer = fixture.open_store(test::buffer_settings(), {"a", "b"});
  put(*buffer, block_of(5, fixture.clock.wall(), 1));
  const auto before = read(*buffer, "a");
  fixture.run({"FLUSHALL"});
  CHECK(buffer->ack("a", test::ids_of(before)));
  put(*buffer, block_of(7, fixture.clock.wall(), 2));
  CHECK(read(*buffer, "b").size() == 1);
  fixture.run({"FLUSHALL"});
  CHECK(read(*buffer, "a").empty());
  put(*buffer, block_of(3, fixture.clock.wall(), 3));
  CHECK(buffer->stats().records == 3);
  for (const char* output : {"a", "b"}) ack(*buffer, output, read(*buffer, output));
  CHECK(buffer->stats().blocks == 0);
  CHECK(fixture.length() == "0");
}

TEST_CASE("a put whose answer was lost has failed, and is undone at the next connection", "[buffer][redis]") {
  RedisFixture fixture;
  test::LossyLink link(fixture.server.socket());
  fixture.target.socket = link.path();
  const auto buffer = fixture.open_store();
  const Block same = block_of(4, fixture.clock.wall(), 1);
  const Block logs = block_of(4, fixture.clock.wall(), 2, Kind::logs);
  put(*buffer, same);  // an equal one of before stays
  link.lose_next_exec();
  REQUIRE_FALSE(put_all(*buffer, {same, logs}));
  REQUIRE(link.lost());
  CHECK(fixture.length() == "2");  // but it is there
  CHECK_FALSE(buffer->stats().trouble.empty());
  fixture.clock.advance(backoff_ms);
  REQUIRE(put_all(*buffer, {same, logs}));
  CHECK(fixture.length("metrics") == "2");
  CHECK(fixture.length("logs") == "1");
  CHECK(buffer->stats().records == 12);
  CHECK(buffer->stats().trouble.empty());
}

TEST_CASE("a put in doubt of a process that had put nothing before is undone too", "[buffer][redis]") {
  RedisFixture fixture;
  test::LossyLink link(fixture.server.socket());
  fixture.target.socket = link.path();
  const auto buffer = fixture.open_store();
  link.lose_next_exec();
  REQUIRE_FALSE(put_all(*buffer, {block_of(4, fixture.clock.wall(), 1)}));
  CHECK(fixture.length() == "1");
  fixture.clock.advance(backoff_ms);
  CHECK(read(*buffer, "a").empty());
  CHECK(fixture.length() == "0");
  CHECK(buffer->stats().bytes == 0);
}

TEST_CASE("an ack whose answer was lost is repeated, and nothing is read again in between",
          "[buffer][redis]") {
  RedisFixture fixture;
  test::LossyLink link(fixture.server.socket());
  fixture.target.socket = link.path();
  const auto buffer = fixture.open_store();
  put(*buffer, block_of(4, fixture.clock.wall(), 1));
  const auto blocks = read(*buffer, "a");
  link.lose_next_exec();
  CHECK_FALSE(buffer->ack("a", test::ids_of(blocks)));
  fixture.clock.advance(backoff_ms);
  CHECK(read(*buffer, "a").empty());
  CHECK(buffer->maintain(fixture.clock.wall()));
  put(*buffer, block_of(5, fixture.clock.wall(), 1));
  CHECK(buffer->stats().records == 5);
}

TEST_CASE("an ack that did not arrive is repeated, and nothing is read again in between", "[buffer][redis]") {
  RedisServer server;
  RedisFixture fixture(server);
  fixture.target.timeout = impatient;
  const auto buffer = fixture.open_store(test::buffer_settings(), {"a", "b"});
  put(*buffer, block_of(4, fixture.clock.wall(), 1));
  const auto blocks = read(*buffer, "a");
  ack(*buffer, "b", read(*buffer, "b"));
  server.pause();
  CHECK_FALSE(buffer->ack("a", test::ids_of(blocks)));
  server.resume();
  fixture.clock.advance(backoff_ms);
  CHECK(read(*buffer, "a").empty());
  CHECK(buffer->maintain(fixture.clock.wall()));
  CHECK(buffer->stats().blocks == 0);
  CHECK(buffer->stats().bytes == 0);
}

TEST_CASE("an ack is an error while it cannot be said who else waits, and the block stays",
          "[buffer][redis]") {
  RedisServer server;
  RedisFixture fixture(server);
  const auto buffer = fixture.open_store(test::buffer_settings(), {"a", "b"});
  const BlockId first = put(*buffer, block_of(1, fixture.clock.wall(), 1));
  const auto forbid = [&](const char* command) {
    fixture.run({"ACL", "SETUSER", "default", std::string("-") + command});
    CHECK_FALSE(buffer->ack("a", {&first, 1}));
    fixture.run({"ACL", "SETUSER", "default", std::string("+") + command});
  };
  SECTION("who has been given it") {
    CHECK(read(*buffer, "a").size() == 1);
    CHECK(read(*buffer, "b").size() == 1);
    forbid("xpending");
  }
  SECTION("whether it is there, before it was given") { forbid("xrange"); }
  CHECK(read(*buffer, "a").empty());
  CHECK(read(*buffer, "b").size() == 1);
  CHECK(fixture.length() == "1");
}

TEST_CASE("contract 2: a Redis at its memory limit refuses puts, but can be read, acked and emptied",
          "[buffer][redis]") {
  RedisServer server;
  RedisFixture fixture(server);
  const auto buffer = fixture.open_store(test::buffer_settings(), {"a", "b"});
  for (std::uint64_t i = 0; i < 3; ++i) put(*buffer, block_of(2, fixture.clock.wall(), i));
  fixture.run({"CONFIG", "SET", "maxmemory", "1"});
  const auto refused = buffer->put(block_of(2, fixture.clock.wall(), 9));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::retry);
  CHECK(refused.error().text.find("OOM") != std::string::npos);
  for (const char* output : {"a", "b"}) {
    const auto blocks = read(*buffer, output);
    CHECK(blocks.size() == 3);
    ack(*buffer, output, {blocks[0], blocks[1]});
  }
  CHECK(fixture.length() == "1");
  CHECK(buffer->stats().records == 2);
  CHECK(buffer->maintain(fixture.clock.wall() + 5LL * 3600 * 1000));
  CHECK(fixture.length() == "0");
  fixture.run({"CONFIG", "SET", "maxmemory", "0"});
  put(*buffer, block_of(6, fixture.clock.wall() + 5LL * 3600 * 1000));
  CHECK(buffer->stats().records == 6);
  CHECK(fixture.run({"HGET", fixture.key("size"), "metrics.records"}) == "6");
}

TEST_CASE("contract 2: a Redis that is absent at the start is waited for", "[buffer][redis]") {
  RedisServer server;
  HeldRedisFixture fixture(server);
  server.kill();
  const auto buffer = fixture.open(test::buffer_settings(), {"a"});
  put(*buffer, block_of(3, fixture.clock.wall(), 1));
  CHECK_FALSE(buffer->stats().durable);
  CHECK(buffer->stats().blocks == 1);
  CHECK(read(*buffer, "a").size() == 1);
  server.start();
  fixture.clock.advance(backoff_ms);
  CHECK(buffer->maintain(fixture.clock.wall()));
  CHECK(buffer->stats().durable);
  CHECK(fixture.length() == "1");
  CHECK(read(*buffer, "a").size() == 1);
}

TEST_CASE("keys of ours that are something else are kept aside", "[buffer][redis]") {
  RedisServer server;
  RedisFixture fixture(server);
  const test::CapturedLog log;
  fixture.run({"SET", fixture.key("metrics"), "precious"});
  fixture.run({"SET", fixture.key("size"), "x"});
  const auto buffer = fixture.open_store();
  put(*buffer, block_of(1, fixture.clock.wall(), 1));
  CHECK(fixture.run({"GET", fixture.key("metrics:foreign")}) == "precious");
  CHECK(log.count("foreign_key_set_aside") >= 1);
  // And while we are running, under one of two streams.
  fixture.run({"DEL", fixture.key("logs")});
  fixture.run({"SET", fixture.key("logs"), "late"});
  const TimeMs now = fixture.clock.wall();
  REQUIRE(put_all(*buffer, {block_of(2, now, 2), block_of(3, now, 3, Kind::logs)}));
  CHECK(fixture.run({"GET", fixture.key("logs:foreign")}) == "late");
  CHECK(fixture.length("metrics") == "2");
  CHECK(fixture.length("logs") == "1");
  CHECK(buffer->stats().records == 6);
  CHECK(read(*buffer, "a", Kind::logs).size() == 1);
}

TEST_CASE("a stream that has given its last id makes place for a new one", "[buffer][redis]") {
  RedisFixture fixture;
  fixture.run({"XADD", fixture.key("metrics"), "18446744073709551615-18446744073709551615", "x", "y"});
  const auto buffer = fixture.open_store();
  put(*buffer, block_of(1, fixture.clock.wall(), 1));
  CHECK(read(*buffer, "a").size() == 1);
}

TEST_CASE("sums that are no numbers, or missing, are made again", "[buffer][redis]") {
  RedisFixture fixture;
  const auto buffer = fixture.open_store();
  put(*buffer, block_of(3, fixture.clock.wall(), 1));
  fixture.run(
      {"HSET", fixture.key("size"), "metrics.records", "many", "metrics.bytes", "9223372036854775807"});
  put(*buffer, block_of(4, fixture.clock.wall(), 2));
  CHECK(buffer->maintain(fixture.clock.wall()));
  ack(*buffer, "a", read(*buffer, "a"));
  CHECK(buffer->maintain(fixture.clock.wall()));
  CHECK(buffer->stats().bytes == 0);
  put(*buffer, block_of(5, fixture.clock.wall(), 3));
  CHECK(buffer->stats().records == 5);
  CHECK(fixture.run({"HGET", fixture.key("size"), "metrics.records"}) == "5");
}

TEST_CASE("what others write into our stream is set aside, the last sixteen entries of it",
          "[buffer][redis]") {
  RedisFixture fixture;
  const auto buffer = fixture.open_store();
  const std::string stream = fixture.key("metrics");
  for (int i = 0; i < 20; ++i) fixture.run({"XADD", stream, "*", "hello", "world"});
  put(*buffer, block_of(3, fixture.clock.wall(), 1));
  fixture.run({"XADD", stream, "*", "b", "bytes", "n", "-1", "t", "soon"});
  fixture.run({"XADD", stream, "*", "b", "bytes", "n", "2", "t", "1"});
  CHECK(read(*buffer, "a").size() == 1);
  CHECK(fixture.dropped("damaged") == 23);
  CHECK(fixture.length() == "1");
  CHECK(fixture.length("damaged") == "16");
  ack(*buffer, "a", read(*buffer, "a"));
  CHECK(buffer->stats().bytes == 0);
}

TEST_CASE("entries that were deleted under us are acked away", "[buffer][redis]") {
  RedisFixture fixture;
  const auto buffer = fixture.open_store();
  for (std::uint64_t i = 0; i < 3; ++i) put(*buffer, block_of(1, fixture.clock.wall(), i));
  const auto blocks = read(*buffer, "a");
  fixture.run({"XTRIM", fixture.key("metrics"), "MAXLEN", "1"});
  CHECK(bytes_of(read(*buffer, "a")) == std::vector<std::string>{blocks[2].bytes});
  CHECK(fixture.run({"XPENDING", fixture.key("metrics"), "a"}).substr(0, 1) == "1");
  ack(*buffer, "a", blocks);
  CHECK(buffer->maintain(fixture.clock.wall()));
  CHECK(buffer->stats().bytes == 0);
}

TEST_CASE("an entry that is larger than any reply may be is dropped, and the rest is read",
          "[buffer][redis]") {
  RedisFixture fixture;
  fixture.target.reply_max = 64U << 10U;
  const auto buffer = fixture.open_store();
  put(*buffer, block_of(1, fixture.clock.wall(), 1));
  fixture.run({"XADD", fixture.key("metrics"), "*", "b", std::string(100'000, 'x'), "n", "1", "t", "1"});
  put(*buffer, block_of(1, fixture.clock.wall(), 2));
  CHECK(read(*buffer, "a").size() == 2);
  CHECK(fixture.dropped("damaged") == 1);
  CHECK(fixture.length() == "2");
  CHECK(read(*buffer, "a").size() == 2);
}

}  // namespace
}  // namespace scops
