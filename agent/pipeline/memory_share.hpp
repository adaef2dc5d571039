// The memory of open windows, counted: what grows asks first, and goes on with less detail when it is
// refused, because the windows have their share or the process is at its cap. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/runtime/memory.hpp"

namespace scops {

// What all windows of one owner may take together, in bytes.
class MemoryPool {
 public:
  explicit MemoryPool(std::size_t limit) : limit_(limit) {}

  // Something was refused, and less than half has become free since: estimate at once, keep no exact values.
  [[nodiscard]] bool scarce() const { return scarce_; }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  friend class MemoryShare;

  bool take(std::size_t bytes) {
    memory::taking(bytes);
    if (bytes > limit_ - used_ || memory::room() == memory::Room::full) {
      scarce_ = true;
      return false;
    }
    used_ += bytes;
    return true;
  }
  void give(std::size_t bytes) {
    used_ -= bytes;
    if (used_ <= limit_ / 2) scarce_ = false;
  }

  std::size_t limit_;
  std::size_t used_ = 0;
  bool scarce_ = false;
};

// The part of one window; given back when the window goes.
class MemoryShare {
 public:
  // Bytes of values or members that are paid for with their series, so that each can be estimated whatever
  // the others take.
  static constexpr std::size_t included = 256;

  explicit MemoryShare(MemoryPool& pool) : pool_(pool) {}
  ~MemoryShare() { pool_.give(used_); }
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;

  [[nodiscard]] bool take(std::size_t bytes) {
    if (!pool_.take(bytes)) return false;
    used_ += bytes;
    return true;
  }

  // The values or members of one series take `after` bytes instead of `before`. Always true when that is no
  // more than before, or included.
  [[nodiscard]] bool resize(std::size_t before, std::size_t after) {
    const std::size_t paid = std::max(before, included);
    const std::size_t due = std::max(after, included);
    if (due > paid) return take(due - paid);
    used_ -= paid - due;
    pool_.give(paid - due);
    return true;
  }

  [[nodiscard]] bool scarce() const { return pool_.scarce(); }

 private:
  MemoryPool& pool_;
  std::size_t used_ = 0;
};

}  // namespace scops
