#include "tests/contract/fresh_contract.hpp"
#include "tests/transport/buffer/redis_fixture.hpp"

namespace scops {
namespace {

TEST_CASE("the buffer in a Redis keeps the contract", "[buffer][redis]") {
  test::check_buffer_contract([] { return std::make_unique<test::RedisFixture>(); });
}

TEST_CASE("the buffer in a Redis behind its queue keeps the contract", "[buffer][redis]") {
  test::check_buffer_contract([] { return std::make_unique<test::HeldRedisFixture>(); });
}

TEST_CASE("the buffer in a Redis gives what is fresh past a backlog", "[buffer][redis]") {
  test::check_fresh_contract([] { return std::make_unique<test::RedisFixture>(); });
}

TEST_CASE("the buffer in a Redis behind its queue gives what is fresh past a backlog", "[buffer][redis]") {
  test::check_fresh_contract([] { return std::make_unique<test::HeldRedisFixture>(); });
}

TEST_CASE("agents of one name are not given the same fresh blocks, and nobody sweeps the backlog",
          "[buffer][redis]") {
  test::RedisFixture fixture;
  const auto one = fixture.open_store(test::buffer_settings(), {"a"}, "one");
  const auto other = fixture.open_store(test::buffer_settings(), {"a"}, "other");
  const TimeMs now = fixture.clock.wall();
  for (std::uint64_t i = 0; i < 20; ++i) (void)test::put(*one, test::block_of(1, now - 7'200'000, i));
  for (std::uint64_t i = 20; i < 30; ++i) (void)test::put(*one, test::block_of(1, now, i));
  const auto first = one->read("a", Kind::metrics, {.records = 4, .since = now - 1000});
  const auto second = other->read("a", Kind::metrics, {.records = 100, .since = now - 1000});
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->size() == 4);
  CHECK(second->size() == 6);
  for (const Block& block : *first) CHECK((*second)[0].id > block.id);
  fixture.clock.advance(31'000);  // time for a look around
  REQUIRE(one->maintain(fixture.clock.wall()));
  REQUIRE(other->maintain(fixture.clock.wall()));
  CHECK(fixture.length() == "30");
  test::ack(*one, "a", *first);
  test::ack(*other, "a", *second);
  CHECK(fixture.length() == "20");
  CHECK(test::read(*other, "a").size() == 20);
}

// Five old ones and five fresh ones for "a", in a stream that has a group of an output that is no more.
std::unique_ptr<RedisBuffer> with_a_group_left(test::RedisFixture& fixture) {
  (void)fixture.open_store(test::buffer_settings(), {"earlier"});
  auto buffer = fixture.open_store();
  const TimeMs now = fixture.clock.wall();
  for (std::uint64_t i = 0; i < 5; ++i) (void)test::put(*buffer, test::block_of(1, now - 7'200'000, i));
  for (std::uint64_t i = 5; i < 10; ++i) (void)test::put(*buffer, test::block_of(1, now, i));
  return buffer;
}

std::vector<Block> fresh(RedisBuffer& buffer, const test::RedisFixture& fixture) {
  auto blocks = buffer.read("a", Kind::metrics, {.since = fixture.clock.wall() - 1000});
  REQUIRE(blocks);
  return std::move(*blocks);
}

TEST_CASE("the group of an output that is no more does not keep what is fresh behind a backlog",
          "[buffer][redis]") {
  test::RedisFixture fixture;
  const auto buffer = with_a_group_left(fixture);
  const auto blocks = fresh(*buffer, fixture);
  CHECK(blocks.size() == 5);
  test::ack(*buffer, "a", blocks);
  CHECK(fixture.length() == "5");
  CHECK(fresh(*buffer, fixture).empty());
  CHECK(test::read(*buffer, "a").size() == 5);
}

TEST_CASE("what an absent output waits for is not given past a backlog: its ack could be forgotten",
          "[buffer][redis]") {
  test::RedisFixture fixture;
  (void)with_a_group_left(fixture);
  const auto buffer = fixture.open_store();  // which counts all of it as the other's backlog
  CHECK(fresh(*buffer, fixture).empty());
  (void)test::put(*buffer, test::block_of(1, fixture.clock.wall(), 10));
  CHECK(fresh(*buffer, fixture).size() == 1);
}

TEST_CASE("what was read as fresh before a restart is not given again after its ack, whoever waits for it",
          "[buffer][redis]") {
  test::RedisFixture fixture;
  CHECK(fresh(*with_a_group_left(fixture), fixture).size() == 5);
  const auto buffer = fixture.open_store();
  const auto blocks = fresh(*buffer, fixture);
  CHECK(blocks.size() == 5);
  test::ack(*buffer, "a", blocks);
  CHECK(fixture.length() == "10");  // they are the absent one's backlog now
  CHECK(test::read(*buffer, "a").size() == 5);
}

TEST_CASE("with several outputs a Redis gives nothing past a backlog: an ack could be forgotten",
          "[buffer][redis]") {
  test::RedisFixture fixture;
  const auto buffer = fixture.open_store(test::buffer_settings(), {"a", "b"});
  (void)test::put(*buffer, test::block_of(1, fixture.clock.wall(), 1));
  const auto fresh = buffer->read("a", Kind::metrics, {.records = 4, .since = fixture.clock.wall() - 1000});
  REQUIRE(fresh);
  CHECK(fresh->empty());
}

}  // namespace
}  // namespace scops
