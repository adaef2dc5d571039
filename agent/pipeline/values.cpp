#include "agent/pipeline/values.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "core/model/size.hpp"

namespace scops {

namespace {

constexpr std::size_t first_values = 8;

}  // namespace

void Values::add(double value, std::size_t exact_max, MemoryShare& memory) {
  if (exact() && exact_.size() == exact_.capacity() && !grow(exact_max, memory)) to_sketch(memory);
  if (!exact()) return sketch_->add(value, memory);
  exact_.push_back(value);
  sorted_ = false;
}

bool Values::grow(std::size_t exact_max, MemoryShare& memory) {
  const std::size_t now = exact_.capacity();
  const std::size_t next = std::min(exact_max, std::max(first_values, now * 2));
  if (next <= now) return false;
  const std::size_t bytes = next * sizeof(double);
  if (memory.scarce() && bytes > MemoryShare::included) return false;
  if (!memory.resize(now * sizeof(double), bytes)) return false;
  exact_.reserve(next);
  return true;
}

// The memory of the values is given back first, for the sketch to take: it never needs more.
void Values::to_sketch(MemoryShare& memory) {
  const std::vector<double> values = std::exchange(exact_, {});
  (void)memory.resize(values.capacity() * sizeof(double), 0);
  sketch_ = std::make_unique<Sketch>();
  for (const double value : values) sketch_->add(value, memory);
}

void Values::squeeze(MemoryShare& memory) {
  if (exact_.capacity() * sizeof(double) > MemoryShare::included) to_sketch(memory);
}

double Values::percentile(double p) {
  if (exact() && !sorted_) {
    std::sort(exact_.begin(), exact_.end());
    sorted_ = true;
  }
  const auto at = [this](std::uint64_t rank) {
    return exact() ? exact_[size_from(rank)] : sketch_->at(rank);
  };
  const std::uint64_t last = (exact() ? exact_.size() : sketch_->count()) - 1;
  const double place = static_cast<double>(last) * p;
  const double whole = std::floor(place);
  const auto lower = static_cast<std::uint64_t>(whole);
  const double share = place - whole;
  if (share == 0) return at(lower);
  // Not lower + share x (upper - lower), which overflows when the two lie far apart.
  return at(lower) * (1 - share) + at(lower + 1) * share;
}

}  // namespace scops
