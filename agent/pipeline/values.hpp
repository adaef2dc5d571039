// The values of one histogram in one window: exact while they are few, then a sketch.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "agent/pipeline/memory_share.hpp"
#include "agent/pipeline/sketch.hpp"

namespace scops {

class Values {
 public:
  // Up to `exact_max` values are kept as they are, fewer when memory is scarce. `value` is finite.
  void add(double value, std::size_t exact_max, MemoryShare& memory);

  // Gives memory back: what takes more than is included with its series becomes a sketch.
  void squeeze(MemoryShare& memory);

  // The value at the place (n - 1) x p of the n sorted values, between two of them in proportion. 0 <= p <=
  // 1; there is at least one value.
  [[nodiscard]] double percentile(double p);

  [[nodiscard]] bool exact() const { return sketch_ == nullptr; }

 private:
  [[nodiscard]] bool grow(std::size_t exact_max, MemoryShare& memory);
  void to_sketch(MemoryShare& memory);

  std::vector<double> exact_;
  bool sorted_ = false;
  std::unique_ptr<Sketch> sketch_;
};

}  // namespace scops
