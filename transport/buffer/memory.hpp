// A buffer that lives and dies with the process: for tests and for boards without a writable folder.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "transport/buffer/queue.hpp"
#include "transport/buffer/store.hpp"

namespace scops {

class MemoryBuffer final : public Store {
 public:
  MemoryBuffer(std::vector<std::string> outputs, Retention retention, BufferCounters counters);

  Result<std::vector<BlockId>> put_all(std::span<const Block* const> blocks) override;
  Result<Fetched> fetch(std::string_view output, Kind kind, const Wanted& wanted) override;
  Status ack(std::string_view output, std::span<const BlockId> ids) override;
  Status maintain(TimeMs now) override;
  [[nodiscard]] BufferStats stats() const override;

 private:
  const Retention retention_;
  const BufferCounters counters_;
  mutable std::mutex mutex_;
  BlockQueue queue_;  // under mutex_
};

}  // namespace scops
