// A batch on its way: its blocks by id, and what is still to be sent of it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/model/buffer.hpp"
#include "transport/dispatch/batch.hpp"
#include "transport/dispatch/plan.hpp"

namespace scops {

struct Sending {
  struct Part {
    BlockId block;
    TimeMs newest = 0, shift = 0;  // as they were sent
    bool operator==(const Part&) const = default;
  };
  std::vector<Part> parts;  // empty: no batch
  bool doubtful = false;    // the intake may have some of it, without having said so
  std::uint32_t again = 0;  // records of the request that is to be sent again as it was; 0: none
  Plan plan = Plan();       // over its merged records
  // The part of each merged record, noted as soon as something of the plan is done; empty before.
  std::vector<std::uint32_t> part_of = {};

  [[nodiscard]] bool empty() const { return parts.empty(); }
  // It keeps its blocks and its times.
  [[nodiscard]] bool frozen() const { return doubtful || plan.progressed(); }
  // Null: it is not among them.
  [[nodiscard]] const Part* part(BlockId id) const;
  // Its time, as it was sent; of one that is not empty.
  [[nodiscard]] TimeMs oldest() const { return parts.front().newest + parts.front().shift; }
  // What to ask the buffer for to send it again.
  [[nodiscard]] Wanted wanted() const;
  [[nodiscard]] bool consists_of(const std::vector<Block>& blocks) const;  // with the same times

  // `batch` is the merged batch, of which something is done.
  void note(const Batch& batch);
  // Becomes the batch of these blocks. Where some of the blocks of before are gone, and no more than that,
  // what was done of the others stays done: their records keep their order. Else nothing of it is done.
  void become(const std::vector<Block>& blocks, const Batch& batch);

 private:
  [[nodiscard]] std::optional<Plan> plan_for(const std::vector<Part>& rest, std::size_t records) const;
};

}  // namespace scops
