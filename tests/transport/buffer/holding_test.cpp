#include "transport/buffer/holding.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "tests/contract/fresh_contract.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/transport/buffer/embedded_fixture.hpp"
#include "tests/transport/buffer/holding_fixture.hpp"

namespace scops {
namespace {

using std::chrono::seconds;
using test::ack;
using test::block_of;
using test::Holding;
using test::NoCommands;
using test::put;
using test::read;

using Marks = std::vector<std::uint64_t>;

TEST_CASE("the embedded buffer behind its queue keeps the contract", "[buffer][holding]") {
  test::check_buffer_contract([] { return std::make_unique<test::FolderFixture>(); });
}

TEST_CASE("the queue in front of a store gives what is fresh past a backlog", "[buffer][holding]") {
  test::check_fresh_contract([] { return std::make_unique<test::FolderFixture>(); });
}

TEST_CASE("without hold every put goes to the store at once", "[buffer][holding]") {
  const Holding holding(seconds(0));
  holding.put_one(1);
  CHECK(holding.stored() == 1);
  CHECK(holding.state.commits == 1);
}

TEST_CASE("with hold a block waits in memory, and all go in one commit when the oldest is due",
          "[buffer][holding]") {
  Holding holding(seconds(60));
  for (std::uint64_t i = 0; i < 6; ++i) {
    holding.put_one(i);
    holding.maintain();
    holding.clock.advance(10000);
  }
  CHECK(holding.stored() == 0);
  CHECK(holding.marks("a") == Marks{0, 1, 2, 3, 4, 5});
  holding.maintain();
  CHECK(holding.stored() == 6);
  CHECK(holding.state.commits == 1);
  CHECK(holding.marks("a") == Marks{0, 1, 2, 3, 4, 5});
}

TEST_CASE("a block keeps the id that an output has read when it moves to the store", "[buffer][holding]") {
  Holding holding(seconds(60));
  holding.put_one(1);
  const auto before = test::ids_of(read(*holding.buffer, "a"));
  holding.clock.advance(60'000);
  holding.maintain();
  REQUIRE(holding.stored() == 1);
  CHECK(test::ids_of(read(*holding.buffer, "a")) == before);
  CHECK(test::ids_of(*holding.buffer->read("a", Kind::metrics, {.only = before})) == before);
  holding.state.refusal = "silent";
  CHECK_FALSE(holding.buffer->read("a", Kind::metrics, {.only = before}));  // rather than a part of it
  holding.state.refusal.clear();
  for (const char* output : {"a", "b"}) test::ack(*holding.buffer, output, read(*holding.buffer, output));
  CHECK(holding.stored() == 0);
}

TEST_CASE("what a full Redis does not take stays with the caller once half of the memory for it is in use",
          "[buffer][holding]") {
  constexpr std::uint64_t memory = 4096;
  Holding holding(seconds(0), memory);
  holding.state.full = true;
  holding.state.refusal = "OOM";
  for (std::uint64_t mark = 0; holding.buffer->stats().bytes <= memory / 2; ++mark) holding.put_one(mark);
  CHECK_FALSE(holding.buffer->put_together({}, NoCommands()));
}

TEST_CASE("the age of a held block does not follow the wall clock", "[buffer][holding]") {
  Holding holding(seconds(60));
  holding.put_one(1);
  holding.clock.set_wall(holding.clock.wall() + 1000 * 1000);
  holding.maintain();
  CHECK(holding.stored() == 0);
}

TEST_CASE("what all outputs have acked in time never reaches the store", "[buffer][holding]") {
  Holding holding(seconds(60));
  holding.put_one(1);
  ack(*holding.buffer, "a", read(*holding.buffer, "a"));
  CHECK(holding.buffer->stats().blocks == 1);
  ack(*holding.buffer, "b", read(*holding.buffer, "b"));
  CHECK(holding.buffer->stats().blocks == 0);
  holding.clock.advance(100000);
  holding.maintain();
  CHECK(holding.state.commits == 0);
}

TEST_CASE("what one output has acked is not given to it again when the block has moved",
          "[buffer][holding]") {
  Holding holding(seconds(60));
  for (std::uint64_t i = 0; i < 3; ++i) holding.put_one(i);
  const auto blocks = read(*holding.buffer, "a");
  ack(*holding.buffer, "a", {blocks[0], blocks[2]});
  holding.clock.advance(60000);
  holding.maintain();
  CHECK(holding.stored() == 3);
  CHECK(holding.marks("a") == Marks{1});
  CHECK(holding.marks("b") == Marks{0, 1, 2});
}

TEST_CASE("a block that was read from memory can be acked after it has moved", "[buffer][holding]") {
  Holding holding(seconds(60));
  for (std::uint64_t i = 0; i < 3; ++i) holding.put_one(i);
  const auto for_a = read(*holding.buffer, "a");
  const auto for_b = read(*holding.buffer, "b");
  holding.clock.advance(60000);
  holding.maintain();
  ack(*holding.buffer, "a", {for_a[0], for_a[1]});
  ack(*holding.buffer, "b", {for_b[1]});
  CHECK(holding.marks("a") == Marks{2});
  CHECK(holding.marks("b") == Marks{0, 2});
}

TEST_CASE("what the store refuses waits in memory and goes there later, in order and at once",
          "[buffer][holding]") {
  Holding holding(seconds(0));
  const test::CapturedLog log;
  holding.put_one(0);
  holding.state.refusal = "no room: test 1";
  for (std::uint64_t i = 1; i < 4; ++i) {
    holding.put_one(i);
    holding.maintain();
  }
  CHECK(holding.buffer->stats().blocks == 4);
  CHECK_FALSE(holding.buffer->stats().durable);
  CHECK(holding.buffer->stats().trouble == "no room: test 1");
  CHECK(log.count("no room: test 1") == 1);

  holding.state.refusal.clear();
  holding.put_one(4);
  CHECK(holding.stored() == 1);
  holding.maintain();
  CHECK(holding.stored() == 5);
  CHECK(holding.state.commits == 2);
  CHECK(holding.buffer->stats().durable);
  CHECK(holding.buffer->stats().trouble.empty());
  CHECK(log.count("store_recovered") == 1);
  CHECK(holding.marks("a") == Marks{0, 1, 2, 3, 4});
}

TEST_CASE("what is held is sent while the store cannot be read", "[buffer][holding]") {
  Holding holding(seconds(0));
  holding.put_one(0);
  holding.state.refusal = "away";
  CHECK_FALSE(holding.buffer->read("a", Kind::metrics, {.records = 10}));
  holding.put_one(1);
  CHECK(holding.marks("a") == Marks{1});
}

TEST_CASE("stored and held blocks are read together, oldest first, up to the number wanted",
          "[buffer][holding]") {
  Holding holding(seconds(60));
  holding.put_one(0);
  holding.put_one(1);
  holding.clock.advance(60000);
  holding.maintain();
  holding.put_one(2);
  holding.put_one(3);
  CHECK(holding.marks("a") == Marks{0, 1, 2, 3});
  CHECK(read(*holding.buffer, "a", Kind::metrics, 1).size() == 1);
  CHECK(read(*holding.buffer, "a", Kind::metrics, 2).size() == 2);
  CHECK(read(*holding.buffer, "a", Kind::metrics, 3).size() == 3);
}

TEST_CASE("a held block does not overtake a stored one that did not fit", "[buffer][holding]") {
  Holding holding(seconds(60));
  put(*holding.buffer, block_of(5, holding.clock.wall()));
  put(*holding.buffer, block_of(5, holding.clock.wall()));
  holding.clock.advance(60000);
  holding.maintain();
  holding.put_one(1);
  CHECK(read(*holding.buffer, "a", Kind::metrics, 7).size() == 1);
}

TEST_CASE("memory is bounded: the oldest held blocks are dropped and counted", "[buffer][holding]") {
  const std::uint64_t size = block_of(1, 0).bytes.size();
  Holding holding(seconds(0), 10 * size);
  holding.state.refusal = "away";
  for (std::uint64_t i = 0; i < 50; ++i) {
    holding.put_one(i);
    CHECK(holding.buffer->stats().bytes <= 10 * size);
  }
  CHECK(holding.dropped("memory") == 50.0 - static_cast<double>(holding.buffer->stats().blocks));
  holding.state.refusal.clear();
  holding.maintain();
  CHECK(holding.marks("a").back() == 49);
}

TEST_CASE("a full memory goes to the store before its time rather than being dropped", "[buffer][holding]") {
  const std::uint64_t size = block_of(1, 0).bytes.size();
  Holding holding(seconds(60), 10 * size);
  for (std::uint64_t i = 0; i < 50; ++i) holding.put_one(i);
  CHECK(holding.dropped("memory") == 0);
  CHECK(holding.marks("a").size() == 50);
}

TEST_CASE("held blocks grow too old like stored ones", "[buffer][holding]") {
  Holding holding(seconds(0));
  holding.state.refusal = "away";
  holding.put_one(1);
  holding.clock.advance(3600 * 1000 + 1);
  holding.maintain();
  CHECK(holding.dropped("age") == 1);
  CHECK(holding.buffer->stats().blocks == 0);
}

TEST_CASE("at the end everything held is written", "[buffer][holding]") {
  Holding holding(seconds(60));
  holding.put_one(1);
  holding.put_one(2);
  holding.buffer.reset();
  CHECK(holding.stored() == 2);
  CHECK(holding.state.commits == 1);
}

TEST_CASE("what is held is written at an end that cannot wait for those who use the buffer",
          "[buffer][holding]") {
  Holding holding(seconds(60));
  holding.put_one(1);
  holding.put_one(2);
  CHECK(holding.buffer->stats().held == 2);
  holding.buffer->store_held();
  CHECK(holding.buffer->stats().held == 0);
  CHECK(holding.stored() == 2);
  CHECK(holding.marks("a") == Marks{1, 2});
}

TEST_CASE("what comes after that end goes to the store at once", "[buffer][holding]") {
  Holding holding(seconds(60));
  holding.buffer->store_held();
  holding.put_one(1);
  CHECK(holding.stored() == 1);
}

TEST_CASE("what cannot be written at the end is counted as lost", "[buffer][holding]") {
  Holding holding(seconds(60));
  const test::CapturedLog log;
  holding.put_one(1);
  holding.state.refusal = "no room: test 2";
  holding.buffer.reset();
  CHECK(holding.dropped("memory") == 1);
  CHECK(log.count("held_blocks_lost") == 1);
}

TEST_CASE("a put together with commands goes to the store at once, behind what is held",
          "[buffer][holding]") {
  Holding holding(seconds(60));
  holding.put_one(0);
  const std::vector<Block> blocks = {block_of(1, holding.clock.wall(), 1)};
  CHECK(holding.buffer->put_together(blocks, NoCommands()).value_or(false));
  CHECK(holding.stored() == 2);
  CHECK(holding.marks("a") == Marks{0, 1});
}

TEST_CASE("a put together that the store cannot make is the caller's to repeat", "[buffer][holding]") {
  Holding holding(seconds(60));
  holding.state.full = true;
  const std::vector<Block> blocks = {block_of(1, holding.clock.wall(), 1)};
  const auto full = holding.buffer->put_together(blocks, NoCommands());
  REQUIRE(full);
  CHECK_FALSE(*full);
  holding.state.full = false;
  holding.state.refusal = "away";
  holding.put_one(0);
  CHECK_FALSE(holding.buffer->put_together(blocks, NoCommands()));
  CHECK(holding.buffer->stats().blocks == 1);
}

// An input that drains puts on its own what put_together left to it.
TEST_CASE("a store that refused the last put is tried again once what was held has been sent",
          "[buffer][holding]") {
  Holding holding(seconds(0));
  holding.state.takes_commands = false;
  holding.state.refusal = "no room";
  holding.put_one(0);
  CHECK_FALSE(holding.buffer->put_together({}, NoCommands()));  // one commit in memory is enough
  for (const char* output : {"a", "b"}) ack(*holding.buffer, output, read(*holding.buffer, output));
  holding.state.refusal.clear();
  holding.maintain();
  const auto together = holding.buffer->put_together({}, NoCommands());
  REQUIRE(together);
  CHECK_FALSE(*together);
  holding.put_one(1);
  CHECK(holding.stored() == 1);
  CHECK(holding.buffer->stats().trouble.empty());
}

TEST_CASE("trouble that the upkeep met is over when the upkeep succeeds, that of a put is not",
          "[buffer][holding]") {
  Holding holding(seconds(0));
  holding.state.away = true;
  holding.maintain();
  CHECK(holding.buffer->stats().trouble == "away");
  holding.state.away = false;
  holding.maintain();
  CHECK(holding.buffer->stats().trouble.empty());
  holding.state.refusal = "full";
  holding.put_one(0);
  for (const char* output : {"a", "b"}) ack(*holding.buffer, output, read(*holding.buffer, output));
  holding.maintain();
  CHECK(holding.buffer->stats().trouble == "full");
}

TEST_CASE("a store that is silent is an error for an output that has nothing in memory",
          "[buffer][holding]") {
  Holding holding(seconds(0));
  holding.state.refusal = "silent";
  holding.put_one(0);
  CHECK(holding.buffer->read("a", Kind::metrics, {}));
  CHECK_FALSE(holding.buffer->read("a", Kind::logs, {}));
}

TEST_CASE("other stores than a Redis leave the commands to the caller", "[buffer][holding]") {
  test::FolderFixture fixture;
  const auto buffer = fixture.open(test::buffer_settings(), {"a"});
  const std::vector<Block> blocks = {block_of(1, fixture.clock.wall(), 1)};
  const auto together = buffer->put_together(blocks, NoCommands());
  REQUIRE(together);
  CHECK_FALSE(*together);
  CHECK(buffer->stats().blocks == 0);
}

TEST_CASE("with hold, a sent block costs the flash nothing at all", "[buffer][holding]") {
  test::FolderFixture fixture;
  BufferSettings settings = test::buffer_settings();
  settings.hold = seconds(90);
  const auto buffer = fixture.open(settings, {"a"});
  for (int i = 0; i < 12; ++i) {
    put(*buffer, block_of(10, fixture.clock.wall()));
    REQUIRE(buffer->maintain(fixture.clock.wall()));
    if (i % 6 == 5) ack(*buffer, "a", read(*buffer, "a"));
    fixture.clock.advance(10000);
  }
  CHECK(fixture.commits() == 0);
}

}  // namespace
}  // namespace scops
