// A batch on its way: its blocks by id, and what is still to be sent of it. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "core/model/buffer.hpp"
#include "transport/dispatch/plan.hpp"

namespace scops {

struct Sending {
  struct Part {
    BlockId block;
    TimeMs newest = 0, shift = 0;  // as they were sent
  };
  std::vector<Part> parts;  // empty: no batch
  bool doubtful = false;    // the intake may have some of it, without having said so
  std::uint32_t again = 0;  // records of the request that is to be sent again as it was; 0: none
  Plan plan = Plan();       // over its merged records

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
};

}  // namespace scops
