// In front of a store, a queue in memory for blocks that the store refuses (disk full, I/O error, server
// away) or that are not old enough to be worth a write to flash.
//
//   put      hold = 0: to the store; to the queue when it refuses, and while blocks wait there already
//            hold > 0: to the queue
//   maintain moves the whole queue to the store, in few commits, once the store has refused something or the
//            oldest block in the queue is `hold` old. What all outputs have acked before never touches flash.
//   read     the blocks of the store, then those of the queue: oldest first
//
// The queue is bounded: when it is full and the store does not take it, the oldest blocks are dropped and
// counted. A block in the queue has an id of its own ({2^64-1, n}), which stays good for ack when the block
// has moved since. The destructor moves what is left to the store, or store_held() where there cannot be one.
// One warning when the store begins to refuse, one line when it takes blocks again. Any thread; one lock,
// held while the store works, but not waited for by stats().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/runtime/clock.hpp"
#include "transport/buffer/queue.hpp"
#include "transport/buffer/store.hpp"

namespace scops {

struct HoldLimits {
  Duration hold{};
  std::uint64_t memory_max = 0;  // bytes of blocks
  Retention retention;           // its age holds for the queue too
};

class HoldingBuffer final : public Buffer {
 public:
  // `outputs` as the store has them; `clock` outlives this. `absent`: why there is no store now, which was
  // told; should it come, it is used, but nobody waits for it.
  HoldingBuffer(std::unique_ptr<Store> store, std::vector<std::string> outputs, HoldLimits limits,
                const Clock& clock, BufferCounters counters, std::string absent = {});
  ~HoldingBuffer() override;
  HoldingBuffer(const HoldingBuffer&) = delete;
  HoldingBuffer& operator=(const HoldingBuffer&) = delete;

  // Fails never: what the store refuses is held, and stats().trouble says so.
  Result<BlockId> put(Block block) override;
  // Straight to the store, whatever `hold` says, behind what the queue held.
  Result<bool> put_together(std::span<const Block> blocks, const RedisCommands& commands) override;
  Result<std::vector<Block>> read(std::string_view output, Kind kind, Wanted wanted) override;
  Status ack(std::string_view output, std::span<const BlockId> ids) override;
  Status maintain(TimeMs now) override;
  [[nodiscard]] BufferStats stats() const override;
  void store_held() override;

 private:
  // Where a block went that an output had read while it was in the queue.
  struct Alias {
    BlockId stored;
    std::uint32_t readers = 0;  // outputs that have not acked it, a bit for each
  };

  struct Places {
    std::vector<BlockId> stored, queued;  // as the two know them
  };

  class Call;

  // All of these with mutex_ held.
  [[nodiscard]] std::uint64_t room() const;
  [[nodiscard]] bool due() const;
  void move_all();
  void moved(const std::vector<const BlockQueue::Held*>& chunk, const std::vector<BlockId>& ids);
  Result<std::vector<Block>> read_these(std::string_view output, Kind kind, const Wanted& wanted);
  // Where blocks that an output was handed are by now.
  [[nodiscard]] Places places_of(std::span<const BlockId> ids) const;
  [[nodiscard]] BlockId as_handed(std::string_view output, BlockId stored) const;
  [[nodiscard]] std::vector<BlockId> resolve(std::size_t output, std::span<const BlockId> ids);
  void refused(const Error& error);
  void accepted();
  void publish();

  const HoldLimits limits_;
  const Clock& clock_;
  const BufferCounters counters_;
  const std::unique_ptr<Store> store_;

  mutable std::mutex mutex_;
  BlockQueue queue_;
  std::map<std::uint64_t, Alias> aliases_;  // by the second half of the id in the queue
  std::string trouble_;                     // why the store refuses, empty while it does not
  bool kept_out_;                           // that is what maintain() met last, so maintain() can end it
  bool absent_;                             // it has refused from the start
  bool ending_ = false;                     // store_held() was called: nothing is held any more

  mutable std::mutex stats_mutex_;
  BufferStats stats_;  // under stats_mutex_
};

}  // namespace scops
