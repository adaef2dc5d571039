// The queue in front of a store that refuses what a test tells it to.
#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/io/redis.hpp"
#include "tests/support/blocks.hpp"
#include "tests/support/fake_clock.hpp"
#include "transport/buffer/holding.hpp"
#include "transport/buffer/memory.hpp"

namespace scops::test {

// What is inside the store, and whether it works today; outlives the buffer that owns the store.
struct StoreState {
  explicit StoreState(Stats& stats)
      : memory({"a", "b"},
               {.bytes_max = 1U << 20U,
                .metric_ttl = std::chrono::seconds(3600),
                .log_ttl = std::chrono::seconds(3600)},
               BufferCounters(stats)) {}
  MemoryBuffer memory;
  std::string refusal;  // the text of its errors, empty while it works
  bool full = false;    // for puts together with commands
  bool away = false;    // for its upkeep
  bool takes_commands = true;
  int commits = 0;
};

class NoCommands final : public RedisCommands {
 public:
  [[nodiscard]] std::size_t count() const override { return 0; }
  void write(RedisWriter& /*to*/) const override {}
};

class FlakyStore final : public Store {
 public:
  explicit FlakyStore(StoreState& state) : state_(state) {}

  Result<std::vector<BlockId>> put_all(std::span<const Block* const> blocks) override {
    if (!state_.refusal.empty()) return Error{ErrorKind::retry, state_.refusal};
    ++state_.commits;
    return state_.memory.put_all(blocks);
  }
  Result<Fetched> fetch(std::string_view output, Kind kind, const Wanted& wanted) override {
    if (!state_.refusal.empty()) return Error{ErrorKind::retry, state_.refusal};
    return state_.memory.fetch(output, kind, wanted);
  }
  Status ack(std::string_view output, std::span<const BlockId> ids) override {
    return state_.memory.ack(output, ids);
  }
  [[nodiscard]] bool takes_commands() const override { return state_.takes_commands; }
  Result<bool> put_together(std::span<const Block> blocks, const RedisCommands& /*commands*/) override {
    if (state_.full) return false;
    if (!state_.refusal.empty()) return Error{ErrorKind::retry, state_.refusal};
    for (const Block& block : blocks) (void)state_.memory.put(block).has_value();
    return true;
  }
  Status maintain(TimeMs now) override {
    if (state_.away) return Error{ErrorKind::retry, "away"};
    return state_.memory.maintain(now);
  }
  [[nodiscard]] BufferStats stats() const override {
    BufferStats stats = state_.memory.stats();
    stats.durable = true;
    return stats;
  }

 private:
  StoreState& state_;
};

struct Holding {
  explicit Holding(Duration hold, std::uint64_t memory_max = 1U << 20U)
      : state(stats),
        buffer(std::make_unique<HoldingBuffer>(
            std::make_unique<FlakyStore>(state), std::vector<std::string>{"a", "b"},
            HoldLimits{hold, memory_max, {1U << 20U, std::chrono::seconds(3600), std::chrono::seconds(3600)}},
            clock, BufferCounters(stats))) {}

  BlockId put_one(std::uint64_t mark) const { return put(*buffer, block_of(1, clock.wall(), mark)); }
  void maintain() const { REQUIRE(buffer->maintain(clock.wall())); }
  double dropped(const std::string& reason) {
    return stats.counter("scops_buffer_dropped_records_total", "", "reason=\"" + reason + "\"").value();
  }
  [[nodiscard]] std::uint64_t stored() const { return state.memory.stats().blocks; }
  // The marks of what the output would send, by its bytes.
  [[nodiscard]] std::vector<std::uint64_t> marks(const std::string& output) const {
    std::vector<std::uint64_t> marks;
    for (const Block& block : read(*buffer, output)) {
      for (std::uint64_t mark = 0; mark < 100; ++mark) {
        if (block.bytes == block_of(1, block.newest, mark).bytes) marks.push_back(mark);
      }
    }
    return marks;
  }

  test::FakeClock clock;
  Stats stats;
  StoreState state;
  std::unique_ptr<HoldingBuffer> buffer;
};

}  // namespace scops::test
