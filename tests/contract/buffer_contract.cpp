#include "tests/contract/buffer_contract.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "core/io/block_codec.hpp"

namespace scops::test {

double BufferFixture::dropped(const std::string& reason) {
  return stats.counter("scops_buffer_dropped_records_total", "", "reason=\"" + reason + "\"").value();
}

namespace {

using Bytes = std::vector<std::string>;

Bytes bytes_of(const std::vector<Block>& blocks) {
  Bytes bytes;
  for (const Block& block : blocks) bytes.push_back(block.bytes);
  return bytes;
}

std::unique_ptr<Buffer> open(BufferFixture& fixture, const std::vector<std::string>& outputs = {"a"}) {
  return fixture.open(buffer_settings(), outputs);
}

void reopen(std::unique_ptr<Buffer>& buffer, BufferFixture& fixture,
            const std::vector<std::string>& outputs = {"a"}) {
  buffer.reset();
  buffer = open(fixture, outputs);
}

void gives_back_what_was_put(BufferFixture& fixture) {
  const auto buffer = open(fixture);
  const Block first = block_of(3, fixture.clock.wall(), 1);
  const Block second = block_of(5, fixture.clock.wall() + 10, 2);
  const BlockId first_id = put(*buffer, first);
  const BlockId second_id = put(*buffer, second);
  CHECK(first_id < second_id);
  const auto blocks = read(*buffer, "a");
  REQUIRE(blocks.size() == 2);
  CHECK(ids_of(blocks) == std::vector<BlockId>{first_id, second_id});
  CHECK(bytes_of(blocks) == Bytes{first.bytes, second.bytes});
  CHECK(blocks[1].kind == Kind::metrics);
  CHECK(blocks[1].records == 5);
  CHECK(blocks[1].newest == second.newest);
}

void reads_the_same_until_acked(BufferFixture& fixture) {
  const auto buffer = open(fixture);
  for (std::uint64_t i = 0; i < 3; ++i) put(*buffer, block_of(1, fixture.clock.wall(), i));
  const auto all = read(*buffer, "a");
  CHECK(bytes_of(read(*buffer, "a")) == bytes_of(all));
  ack(*buffer, "a", {all[0]});
  CHECK(bytes_of(read(*buffer, "a")) == Bytes{all[1].bytes, all[2].bytes});
  ack(*buffer, "a", {all[1], all[2]});
  CHECK(read(*buffer, "a").empty());
}

void reads_the_unacked_again_after_a_restart(BufferFixture& fixture) {
  if (!fixture.durable()) return;
  auto buffer = open(fixture);
  for (std::uint64_t i = 0; i < 3; ++i) put(*buffer, block_of(1, fixture.clock.wall(), i));
  const auto all = read(*buffer, "a");
  ack(*buffer, "a", {all[0]});
  reopen(buffer, fixture);
  CHECK(bytes_of(read(*buffer, "a")) == Bytes{all[1].bytes, all[2].bytes});
  CHECK(buffer->stats().blocks == 2);
}

void each_output_has_a_cursor_of_its_own(BufferFixture& fixture) {
  const auto buffer = open(fixture, {"a", "b"});
  put(*buffer, block_of(1, fixture.clock.wall(), 1));
  put(*buffer, block_of(1, fixture.clock.wall(), 2));
  const auto all = read(*buffer, "a");
  ack(*buffer, "a", all);
  CHECK(read(*buffer, "a").empty());
  CHECK(bytes_of(read(*buffer, "b")) == bytes_of(all));
  CHECK(buffer->stats().blocks == 2);
  ack(*buffer, "b", {all[0]});
  CHECK(buffer->stats().blocks == 1);
}

void each_kind_is_a_log_of_its_own(BufferFixture& fixture) {
  const auto buffer = open(fixture);
  for (const Kind kind : {Kind::logs, Kind::metrics, Kind::events, Kind::logs}) {
    put(*buffer, block_of(2, fixture.clock.wall(), static_cast<std::uint64_t>(kind), kind));
  }
  CHECK(read(*buffer, "a", Kind::logs).size() == 2);
  const auto events = read(*buffer, "a", Kind::events);
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == Kind::events);
  ack(*buffer, "a", read(*buffer, "a", Kind::logs));
  CHECK(read(*buffer, "a", Kind::logs).empty());
  CHECK(read(*buffer, "a", Kind::metrics).size() == 1);
}

void reads_nothing_from_nothing(BufferFixture& fixture) {
  const auto buffer = open(fixture);
  for (const Kind kind : {Kind::metrics, Kind::events, Kind::logs}) CHECK(read(*buffer, "a", kind).empty());
  CHECK(buffer->maintain(fixture.clock.wall()));
  CHECK(buffer->stats().blocks == 0);
  CHECK(buffer->stats().oldest == 0);
}

void keeps_to_the_wanted_number_of_records(BufferFixture& fixture) {
  const auto buffer = open(fixture);
  for (const std::uint32_t records : {4U, 3U, 2U}) put(*buffer, block_of(records, fixture.clock.wall()));
  CHECK(read(*buffer, "a", Kind::metrics, 0).size() == 1);
  CHECK(read(*buffer, "a", Kind::metrics, 1).size() == 1);
  CHECK(read(*buffer, "a", Kind::metrics, 6).size() == 1);
  CHECK(read(*buffer, "a", Kind::metrics, 7).size() == 2);
  CHECK(read(*buffer, "a", Kind::metrics, 9).size() == 3);
}

void ignores_acks_of_unknown_ids(BufferFixture& fixture) {
  const auto buffer = open(fixture);
  const BlockId id = put(*buffer, block_of(1, fixture.clock.wall()));
  const std::vector<BlockId> unknown = {{id.major, id.minor + 1}, {id.major + 1, id.minor}, {0, 0}, {1, 0}};
  CHECK(buffer->ack("a", unknown));
  CHECK(buffer->ack("a", {}));
  CHECK(read(*buffer, "a").size() == 1);
  const auto blocks = read(*buffer, "a");
  ack(*buffer, "a", blocks);
  ack(*buffer, "a", blocks);
  CHECK(buffer->stats().blocks == 0);
}

void does_not_know_every_output(BufferFixture& fixture) {
  const auto buffer = open(fixture);
  put(*buffer, block_of(1, fixture.clock.wall()));
  CHECK_FALSE(buffer->read("stranger", Kind::metrics, {.records = 10}));
  CHECK_FALSE(buffer->ack("stranger", {}));
}

void takes_acks_in_any_order(BufferFixture& fixture) {
  auto buffer = open(fixture, {"a", "b"});
  for (std::uint64_t i = 0; i < 20; ++i) put(*buffer, block_of(1, fixture.clock.wall(), i));
  const auto all = read(*buffer, "a");
  std::vector<Block> even;
  Bytes odd;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i % 2 == 0)
      even.push_back(all[i]);
    else
      odd.push_back(all[i].bytes);
  }
  std::reverse(even.begin(), even.end());
  ack(*buffer, "a", even);
  CHECK(bytes_of(read(*buffer, "a")) == odd);
  if (!fixture.durable()) return;
  reopen(buffer, fixture, {"a", "b"});
  CHECK(bytes_of(read(*buffer, "a")) == odd);
  CHECK(bytes_of(read(*buffer, "b")) == bytes_of(all));
}

void drops_by_age_and_counts(BufferFixture& fixture) {
  const auto buffer = open(fixture);
  const TimeMs start = fixture.clock.wall();
  put(*buffer, block_of(3, start));
  put(*buffer, block_of(5, start, 0, Kind::logs));
  put(*buffer, block_of(7, start + 1000));
  const TimeMs ttl = buffer_settings().metric_ttl.count();
  CHECK(buffer->maintain(start + ttl));
  CHECK(fixture.dropped("age") == 0);
  CHECK(buffer->maintain(start + ttl + 1));
  CHECK(fixture.dropped("age") == 3);
  const auto left = read(*buffer, "a");
  REQUIRE(left.size() == 1);
  CHECK(left[0].records == 7);
  CHECK(buffer->stats().records == 12);
  CHECK(buffer->maintain(start + 5 * ttl));
  CHECK(fixture.dropped("age") == 15);
  CHECK(buffer->stats().blocks == 0);
}

void counts_nothing_that_was_sent(BufferFixture& fixture) {
  const auto buffer = open(fixture);
  put(*buffer, block_of(3, fixture.clock.wall()));
  ack(*buffer, "a", read(*buffer, "a"));
  CHECK(buffer->maintain(fixture.clock.wall() + 100 * 3600 * 1000));
  CHECK(fixture.dropped("age") == 0);
}

void drops_the_oldest_when_the_bytes_are_full(BufferFixture& fixture) {
  const std::uint64_t size = block_of(10, fixture.clock.wall(), 100).bytes.size();
  BufferSettings settings = buffer_settings();
  settings.bytes_max = {4 * size + size / 2};
  settings.memory_max = settings.bytes_max;
  const auto buffer = fixture.open(settings, {"a"});
  for (std::uint64_t i = 0; i < 6; ++i) {
    put(*buffer, block_of(10, fixture.clock.wall(), 100 + i));
    CHECK(buffer->stats().bytes <= settings.bytes_max.count);
  }
  const auto left = read(*buffer, "a");
  REQUIRE(left.size() == 4);
  CHECK(left[0].bytes == block_of(10, fixture.clock.wall(), 102).bytes);
  CHECK(fixture.dropped("bytes") == 20);
}

void a_block_larger_than_all_is_dropped_alone(BufferFixture& fixture) {
  const Block small = block_of(1, fixture.clock.wall());
  BufferSettings settings = buffer_settings();
  settings.bytes_max = {3 * small.bytes.size()};
  settings.memory_max = settings.bytes_max;
  const auto buffer = fixture.open(settings, {"a"});
  put(*buffer, small);
  std::vector<Sample> samples;
  for (int i = 0; i < 500; ++i) samples.push_back({0, i * i * i, 1.0 / (i + 1)});
  (void)buffer->put(encode_block(std::vector<Series>(1), samples)).has_value();
  put(*buffer, small);
  CHECK(fixture.dropped("bytes") >= 500);
  CHECK(buffer->stats().bytes <= settings.bytes_max.count);
  CHECK_FALSE(read(*buffer, "a").empty());
}

void sets_damaged_blocks_aside(BufferFixture& fixture) {
  if (!fixture.durable()) return;
  auto buffer = open(fixture);
  for (std::uint64_t i = 0; i < 5; ++i) put(*buffer, block_of(2, fixture.clock.wall(), i));
  buffer.reset();
  fixture.damage(0);
  fixture.damage(3);
  buffer = open(fixture);
  const auto left = read(*buffer, "a");
  REQUIRE(left.size() == 3);
  CHECK(left[0].bytes == block_of(2, fixture.clock.wall(), 1).bytes);
  CHECK(left[2].bytes == block_of(2, fixture.clock.wall(), 4).bytes);
  CHECK(fixture.dropped("damaged") == 4);
  CHECK(read(*buffer, "a").size() == 3);
  CHECK(fixture.dropped("damaged") == 4);
  put(*buffer, block_of(1, fixture.clock.wall(), 5));
  CHECK(read(*buffer, "a").size() == 4);
}

void reads_past_a_run_of_damaged_blocks(BufferFixture& fixture) {
  if (!fixture.durable()) return;
  auto buffer = open(fixture);
  for (std::uint64_t i = 0; i < 5; ++i) put(*buffer, block_of(2, fixture.clock.wall(), i));
  buffer.reset();
  for (std::size_t i = 0; i < 4; ++i) fixture.damage(i);
  buffer = open(fixture);
  const auto left = read(*buffer, "a", Kind::metrics, 2);
  REQUIRE(left.size() == 1);
  CHECK(left[0].bytes == block_of(2, fixture.clock.wall(), 4).bytes);
}

void keeps_the_backlog_of_an_absent_output(BufferFixture& fixture) {
  if (!fixture.durable()) return;
  const auto block = [&fixture](std::uint64_t mark) { return block_of(1, fixture.clock.wall(), mark); };
  auto buffer = open(fixture, {"a", "b"});
  put(*buffer, block(1));
  put(*buffer, block(2));
  const auto all = read(*buffer, "a");
  ack(*buffer, "a", all);
  ack(*buffer, "b", {all[0]});
  // Somebody has a look without b: what waited for it goes on waiting, what comes now does not wait for it.
  reopen(buffer, fixture, {"a"});
  put(*buffer, block(3));
  ack(*buffer, "a", read(*buffer, "a"));
  CHECK(buffer->stats().blocks == 1);
  put(*buffer, block(4));
  reopen(buffer, fixture, {"a", "b"});
  CHECK(bytes_of(read(*buffer, "b")) == Bytes{block(2).bytes, block(4).bytes});
}

void keeps_the_backlog_of_an_absent_output_that_never_acked(BufferFixture& fixture) {
  if (!fixture.durable()) return;
  auto buffer = open(fixture, {"a"});
  put(*buffer, block_of(1, fixture.clock.wall(), 1));
  reopen(buffer, fixture, {"b"});
  ack(*buffer, "b", read(*buffer, "b"));
  put(*buffer, block_of(1, fixture.clock.wall(), 2));
  reopen(buffer, fixture, {"a"});
  CHECK(read(*buffer, "a").size() == 2);
}

void never_gives_an_id_twice(BufferFixture& fixture) {
  if (!fixture.durable()) return;
  BlockId last;
  for (std::uint64_t i = 0; i < 5; ++i) {
    const auto buffer = open(fixture);
    fixture.clock.advance(100 * 3600 * 1000);
    CHECK(buffer->maintain(fixture.clock.wall()));
    put(*buffer, block_of(1, fixture.clock.wall(), i));
    const auto blocks = read(*buffer, "a");
    REQUIRE(blocks.size() == 1);
    CHECK(last < blocks[0].id);
    last = blocks[0].id;
    if (i % 2 == 0) ack(*buffer, "a", blocks);  // the others are dropped for their age
  }
}

void takes_many_blocks(BufferFixture& fixture) {
  const auto buffer = open(fixture);
  const std::uint64_t number = 2000;
  for (std::uint64_t i = 0; i < number; ++i) put(*buffer, block_of(1, fixture.clock.wall(), i));
  std::uint64_t next = 0;
  for (auto blocks = read(*buffer, "a", Kind::metrics, 300); !blocks.empty();
       blocks = read(*buffer, "a", Kind::metrics, 300)) {
    CHECK(blocks.front().bytes == block_of(1, fixture.clock.wall(), next).bytes);
    next += blocks.size();
    ack(*buffer, "a", blocks);
  }
  CHECK(next == number);
  CHECK(buffer->stats().blocks == 0);
  CHECK(buffer->stats().bytes == 0);
}

void says_what_is_waiting(BufferFixture& fixture) {
  const auto buffer = open(fixture);
  const Block first = block_of(3, fixture.clock.wall(), 1);
  const Block second = block_of(4, fixture.clock.wall() + 5, 2);
  put(*buffer, first);
  put(*buffer, second);
  const BufferStats stats = buffer->stats();
  CHECK(stats.blocks == 2);
  CHECK(stats.records == 7);
  CHECK(stats.bytes == first.bytes.size() + second.bytes.size());
  CHECK(stats.oldest == first.newest);
  CHECK(stats.durable == fixture.durable());
  CHECK(stats.trouble.empty());
}

void serves_two_threads(BufferFixture& fixture) {
  const auto buffer = open(fixture, {"a", "b"});
  const std::uint64_t number = 200;
  std::uint64_t failures = 0;
  std::jthread producer([&] {
    for (std::uint64_t i = 0; i < number; ++i) {
      if (!buffer->put(block_of(1, fixture.clock.wall(), i))) ++failures;
      if (!buffer->maintain(fixture.clock.wall())) ++failures;
    }
  });
  std::vector<std::uint64_t> seen(2);
  std::vector<std::jthread> consumers;
  for (std::size_t i = 0; i < 2; ++i) {
    consumers.emplace_back([&, i] {
      const std::string_view output = i == 0 ? "a" : "b";
      while (seen[i] < number) {
        const auto blocks = buffer->read(output, Kind::metrics, {.records = 10});
        if (!blocks) return;
        if (!buffer->ack(output, ids_of(*blocks))) return;
        seen[i] += blocks->size();
        (void)buffer->stats();
      }
    });
  }
  producer.join();
  for (auto& consumer : consumers) consumer.join();
  CHECK(failures == 0);
  CHECK(seen == std::vector<std::uint64_t>{number, number});
  CHECK(buffer->stats().blocks == 0);
}

struct Rule {
  const char* name;
  void (*check)(BufferFixture& fixture);
};

constexpr Rule rules[] = {
    {"gives back what was put, oldest first", gives_back_what_was_put},
    {"reads the same until it is acked", reads_the_same_until_acked},
    {"reads the unacked again after a restart", reads_the_unacked_again_after_a_restart},
    {"each output has a cursor of its own", each_output_has_a_cursor_of_its_own},
    {"each kind is a log of its own", each_kind_is_a_log_of_its_own},
    {"reads nothing from nothing", reads_nothing_from_nothing},
    {"keeps to the wanted number of records", keeps_to_the_wanted_number_of_records},
    {"ignores acks of unknown ids", ignores_acks_of_unknown_ids},
    {"does not know every output", does_not_know_every_output},
    {"takes acks in any order", takes_acks_in_any_order},
    {"drops by age, and counts", drops_by_age_and_counts},
    {"counts nothing that was sent", counts_nothing_that_was_sent},
    {"drops the oldest when the bytes are full", drops_the_oldest_when_the_bytes_are_full},
    {"a block larger than all is dropped alone", a_block_larger_than_all_is_dropped_alone},
    {"sets damaged blocks aside", sets_damaged_blocks_aside},
    {"reads past a run of damaged blocks", reads_past_a_run_of_damaged_blocks},
    {"keeps the backlog of an absent output", keeps_the_backlog_of_an_absent_output},
    {"keeps the backlog of an absent output that never acked",
     keeps_the_backlog_of_an_absent_output_that_never_acked},
    {"never gives an id twice", never_gives_an_id_twice},
    {"takes many blocks", takes_many_blocks},
    {"says what is waiting", says_what_is_waiting},
    {"serves two threads", serves_two_threads},
};

}  // namespace

void check_buffer_contract(const std::function<std::unique_ptr<BufferFixture>()>& make) {
  for (const Rule& rule : rules) {
    DYNAMIC_SECTION(rule.name) {
      const auto fixture = make();
      rule.check(*fixture);
    }
  }
}

}  // namespace scops::test
