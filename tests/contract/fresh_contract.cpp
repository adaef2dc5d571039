#include "tests/contract/fresh_contract.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

namespace scops::test {
namespace {

constexpr TimeMs hour = 3'600'000;

// The values that block_of() was told to mark with.
std::vector<std::string> bytes_of(const std::vector<Block>& blocks, std::size_t from = 0) {
  std::vector<std::string> bytes;
  for (std::size_t i = from; i < blocks.size(); ++i) bytes.push_back(blocks[i].bytes);
  return bytes;
}

std::vector<Block> fresh(Buffer& buffer, const BufferFixture& fixture, std::uint32_t max_records = 1000) {
  auto blocks =
      buffer.read("a", Kind::metrics, {.records = max_records, .since = fixture.clock.wall() - hour});
  REQUIRE(blocks);
  return std::move(*blocks);
}

struct Setting {
  explicit Setting(BufferFixture& fixture) : buffer(fixture.open(buffer_settings(), {"a"})) {
    for (std::uint64_t i = 0; i < 40; ++i) add(fixture, 3 * hour, i);
  }
  void add(BufferFixture& fixture, TimeMs age, std::uint64_t mark) {
    put(*buffer, block_of(10, fixture.clock.wall() - age, mark));
  }
  std::unique_ptr<Buffer> buffer;
};

void gives_what_is_fresh(BufferFixture& fixture) {
  Setting setting(fixture);
  CHECK(fresh(*setting.buffer, fixture).empty());
  for (std::uint64_t i = 100; i < 105; ++i) setting.add(fixture, 0, i);
  const auto first = fresh(*setting.buffer, fixture, 30);
  REQUIRE(first.size() == 3);
  CHECK(first[0].bytes == block_of(10, fixture.clock.wall(), 100).bytes);
  setting.add(fixture, 0, 105);
  CHECK(bytes_of(fresh(*setting.buffer, fixture, 30)) == bytes_of(first));  // the same until acked
  ack(*setting.buffer, "a", first);
  const auto rest = fresh(*setting.buffer, fixture);
  REQUIRE(rest.size() == 3);
  CHECK(rest[2].bytes == block_of(10, fixture.clock.wall(), 105).bytes);
  ack(*setting.buffer, "a", rest);
  CHECK(fresh(*setting.buffer, fixture).empty());
}

// All is given once, in whichever order the two were read and acked; also by another process.
void gives_each_block_once(BufferFixture& fixture) {
  Setting setting(fixture);
  for (std::uint64_t i = 100; i < 110; ++i) setting.add(fixture, 0, i);
  (void)read(*setting.buffer, "a", Kind::metrics, 50);  // a batch of the backlog is on its way
  std::size_t seen = 0;
  for (int turn = 0;; ++turn) {
    const auto some =
        turn % 2 == 0 ? fresh(*setting.buffer, fixture, 30) : read(*setting.buffer, "a", Kind::metrics, 70);
    if (turn > 6 && some.empty()) break;
    seen += some.size();
    ack(*setting.buffer, "a", some);
    if (turn != 3 || !fixture.durable()) continue;
    setting.buffer.reset();
    setting.buffer = fixture.open(buffer_settings(), {"a"});
  }
  while (true) {
    const auto some = read(*setting.buffer, "a", Kind::metrics, 70);
    if (some.empty()) break;
    seen += some.size();
    ack(*setting.buffer, "a", some);
  }
  CHECK(seen == 50);
  CHECK(setting.buffer->stats().blocks == 0);
}

// What was read as fresh and not acked is not lost, and what it was read past is still there.
void loses_nothing_that_was_not_acked(BufferFixture& fixture) {
  Setting setting(fixture);
  for (std::uint64_t i = 100; i < 104; ++i) setting.add(fixture, 0, i);
  CHECK(fresh(*setting.buffer, fixture).size() == 4);
  fixture.clock.advance(40'000);
  REQUIRE(setting.buffer->maintain(fixture.clock.wall()));
  if (fixture.durable()) {
    setting.buffer.reset();
    setting.buffer = fixture.open(buffer_settings(), {"a"});
    REQUIRE(setting.buffer->maintain(fixture.clock.wall()));
  }
  CHECK(setting.buffer->stats().blocks == 44);
  std::size_t seen = 0;
  while (true) {
    const auto some = read(*setting.buffer, "a", Kind::metrics, 1000);
    if (some.empty()) break;
    seen += some.size();
    ack(*setting.buffer, "a", some);
  }
  CHECK(seen == 44);
}

// A batch is read again by its ids, past what has come meanwhile, and less what has been acked.
void gives_the_same_again(BufferFixture& fixture) {
  Setting setting(fixture);
  const auto batch = read(*setting.buffer, "a", Kind::metrics, 50);
  for (std::uint64_t i = 100; i < 105; ++i) setting.add(fixture, 0, i);
  const auto past = fresh(*setting.buffer, fixture, 30);
  const auto again = [&](const std::vector<Block>& blocks) {
    Wanted wanted;
    for (const Block& block : blocks) wanted.only.push_back(block.id);
    auto found = setting.buffer->read("a", Kind::metrics, wanted);
    REQUIRE(found);
    return std::move(*found);
  };
  REQUIRE(batch.size() == 5);
  REQUIRE(past.size() == 3);
  CHECK(bytes_of(again(batch)) == bytes_of(batch));
  CHECK(bytes_of(again(past)) == bytes_of(past));
  ack(*setting.buffer, "a", {batch.begin() + 1, batch.begin() + 3});
  CHECK(bytes_of(again(batch)) == bytes_of({batch[0], batch[3], batch[4]}));
  ack(*setting.buffer, "a", past);
  CHECK(again(past).empty());
  CHECK(again(batch).size() == 3);
}

// What is held back is read past, however much it is, and more of what is fresh is had.
void reads_past_what_is_excepted(BufferFixture& fixture) {
  Setting setting(fixture);
  const auto first = read(*setting.buffer, "a", Kind::metrics, 100);
  REQUIRE(first.size() == 10);
  Wanted wanted = {.records = 20};
  for (const Block& block : first) wanted.except.push_back(block.id);
  const auto past = setting.buffer->read("a", Kind::metrics, wanted);
  REQUIRE(past);
  CHECK(bytes_of(*past) == bytes_of(read(*setting.buffer, "a", Kind::metrics, 120), 10));
  for (const Block& block : *past) wanted.except.push_back(block.id);
  for (std::uint64_t i = 100; i < 105; ++i) setting.add(fixture, 0, i);
  wanted.since = fixture.clock.wall() - hour;
  const auto young = setting.buffer->read("a", Kind::metrics, wanted);
  REQUIRE(young);
  REQUIRE(young->size() == 2);
  for (const Block& block : *young) wanted.except.push_back(block.id);
  const auto next = setting.buffer->read("a", Kind::metrics, wanted);
  REQUIRE(next);
  REQUIRE(next->size() == 2);
  CHECK(next->front().bytes == block_of(10, fixture.clock.wall(), 102).bytes);
}

}  // namespace

void check_fresh_contract(const std::function<std::unique_ptr<BufferFixture>()>& make) {
  const auto check = GENERATE(gives_what_is_fresh, gives_each_block_once, loses_nothing_that_was_not_acked,
                              gives_the_same_again, reads_past_what_is_excepted);
  const auto fixture = make();
  check(*fixture);
}

}  // namespace scops::test
