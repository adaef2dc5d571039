// Cuts points into blocks while they come, so that a window of any size takes the memory of one slice and of
// the compressed blocks. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "core/io/block_codec.hpp"
#include "core/model/buffer.hpp"
#include "core/model/metric.hpp"
#include "core/model/stamp.hpp"

namespace scops {

class BlockWriter {
 public:
  // `block_records`: most samples in one block, so that a block always fits one request of every output.
  explicit BlockWriter(std::uint32_t block_records);

  // Does a block take a series with this much in names and tags?
  [[nodiscard]] static bool acceptable(const Series& series);

  // The series is acceptable, the value finite.
  void add(Series series, TimeMs time, double value);
  // `samples` refer to `series` by index; a series without samples costs nothing, and none is copied: they
  // stay where they are until the next take or clear.
  void add(std::span<const Series> series, std::span<const Sample> samples);

  // By which clock the times of what comes from now on were taken. A block has one stamp.
  void stamp(const Stamp& stamp);

  // The blocks of everything added since the last take or clear.
  [[nodiscard]] std::vector<Block> take();
  void clear();

  [[nodiscard]] std::size_t samples() const { return samples_; }

 private:
  std::uint32_t refer(const Series& series);
  [[nodiscard]] bool full() const;
  void seal();

  std::uint32_t block_records_;
  std::size_t slice_max_;
  Stamp stamp_;
  std::vector<const Series*> series_;  // of the slice that grows
  std::deque<Series> own_;             // those of them that are nobody else's
  std::vector<Sample> slice_;
  std::size_t slice_weight_ = 0;  // of the names in it, as block_names_max counts them
  SealedNames names_;             // of the block before
  std::vector<Block> blocks_;
  std::size_t samples_ = 0;
};

}  // namespace scops
