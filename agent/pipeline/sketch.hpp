// The ranks of any number of values to one percent: a DDSketch (Masson, Rim, Lee: "DDSketch: a fast and
// fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019). A bin holds the values whose
// logarithms to the base 1.01/0.99 round up to the same whole number, so its middle is within 1 % of each.
//
// Bins are kept sorted by value, negative ones, zero and positive ones in one row. When there are bins_max of
// them, or memory is short, the lowest two become one: the low ranks lose their precision, the high ones,
// which people ask for, keep it. 2048 bins span seventeen powers of ten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/pipeline/memory_share.hpp"

namespace scops {

class Sketch {
 public:
  static constexpr double relative_error = 0.01;
  static constexpr std::size_t bins_max = 2048;

  // `value` is finite.
  void add(double value, MemoryShare& memory);

  // An estimate of the value with `rank` smaller ones; `rank` is below count().
  [[nodiscard]] double at(std::uint64_t rank) const;
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::size_t bins() const { return bins_.size(); }

 private:
  struct Bin {
    std::int32_t key;     // see key_of
    std::uint32_t count;  // stays at its maximum
  };

  void insert(std::size_t place, std::int32_t key, MemoryShare& memory);
  [[nodiscard]] bool grow(MemoryShare& memory);
  static std::int32_t key_of(double value);
  static double value_of(std::int32_t key);

  std::vector<Bin> bins_;
  std::uint64_t count_ = 0;
  double min_ = 0;
  double max_ = 0;
};

}  // namespace scops
