#include "agent/pipeline/sketch.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace scops {

namespace {

constexpr std::size_t first_bins = 8;

// Logarithms of doubles to our base lie within +-37300; this much more makes every positive value's key
// positive, so that a negative value's can be its mirror image and zero's 0.
constexpr std::int32_t key_of_one = 40000;

constexpr double log_base = 0.020000666706669435;  // ln((1 + relative_error) / (1 - relative_error))

}  // namespace

std::int32_t Sketch::key_of(double value) {
  if (value == 0) return 0;
  const auto key = static_cast<std::int32_t>(std::ceil(std::log(std::fabs(value)) / log_base)) + key_of_one;
  return value > 0 ? key : -key;
}

double Sketch::value_of(std::int32_t key) {
  if (key == 0) return 0;
  const double upper = std::exp((std::abs(key) - key_of_one) * log_base);  // may be infinite: at() has bounds
  return std::copysign(upper * (1 - relative_error), key);
}

void Sketch::add(double value, MemoryShare& memory) {
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = count_ == 0 ? value : std::max(max_, value);
  ++count_;
  const std::int32_t key = key_of(value);
  const auto found = std::lower_bound(bins_.begin(), bins_.end(), key,
                                      [](const Bin& bin, std::int32_t wanted) { return bin.key < wanted; });
  if (found != bins_.end() && found->key == key) {
    if (found->count != UINT32_MAX) ++found->count;
  } else {
    insert(static_cast<std::size_t>(found - bins_.begin()), key, memory);
  }
}

// Without room for one more bin, the lowest gives its place: its values count as those of the next.
void Sketch::insert(std::size_t place, std::int32_t key, MemoryShare& memory) {
  const auto at = bins_.begin() + static_cast<std::ptrdiff_t>(place);
  const auto merged = [](std::uint32_t a, std::uint32_t b) {
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
  };
  if (bins_.size() < bins_.capacity() || grow(memory)) {
    bins_.insert(bins_.begin() + static_cast<std::ptrdiff_t>(place), {.key = key, .count = 1});
  } else if (place == 0) {
    bins_[0].count = merged(bins_[0].count, 1);
  } else if (place == 1) {
    bins_[0] = {.key = key, .count = merged(bins_[0].count, 1)};
  } else {
    bins_[1].count = merged(bins_[0].count, bins_[1].count);
    std::copy(bins_.begin() + 1, at, bins_.begin());
    bins_[place - 1] = {.key = key, .count = 1};
  }
}

bool Sketch::grow(MemoryShare& memory) {
  const std::size_t now = bins_.capacity();
  const std::size_t next = std::min(bins_max, std::max(first_bins, now * 2));
  if (next == now || !memory.resize(now * sizeof(Bin), next * sizeof(Bin))) return false;
  bins_.reserve(next);
  return true;
}

double Sketch::at(std::uint64_t rank) const {
  std::uint64_t below = 0;
  for (const Bin& bin : bins_) {
    below += bin.count;
    if (below > rank) return std::clamp(value_of(bin.key), min_, max_);
  }
  return max_;
}

}  // namespace scops
