#include "agent/pipeline/distinct.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "core/model/size.hpp"

namespace scops {

namespace {

constexpr std::size_t first_hashes = 8;
constexpr unsigned best_bits = 14;
constexpr unsigned scarce_bits = 11;
constexpr unsigned least_bits = 8;  // fits into MemoryShare::included
constexpr unsigned hash_bits = 64;

// FNV-1a, then the finalizer of MurmurHash3, so that every bit depends on every byte. An own hash, because
// std::hash has 32 bits on half of the boards.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  hash = (hash ^ (hash >> 33U)) * 0xFF51AFD7ED558CCDU;
  hash = (hash ^ (hash >> 33U)) * 0xC4CEB9FE1A85EC53U;
  return hash ^ (hash >> 33U);
}

// Ertl's sigma: what registers that are still 0, a share `x` of all, say.
double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double sum = x;
  double weight = 1;
  for (double before = -1; sum != before;) {
    before = sum;
    x *= x;
    sum += x * weight;
    weight *= 2;
  }
  return sum;
}

// Ertl's tau: what registers that are full, a share 1 - `x` of all, say.
double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double sum = 1 - x;
  double weight = 1;
  for (double before = -1; sum != before;) {
    before = sum;
    x = std::sqrt(x);
    weight /= 2;
    sum -= (1 - x) * (1 - x) * weight;
  }
  return sum / 3;
}

}  // namespace

void Distinct::add(std::string_view member, std::size_t exact_max, MemoryShare& memory) {
  const std::uint64_t hash = hash_of(member);
  if (!exact()) return count(hash);
  if (std::binary_search(hashes_.begin(), hashes_.end(), hash)) return;
  if (hashes_.size() == hashes_.capacity() && !grow(exact_max, memory)) {
    to_registers(memory.scarce() ? scarce_bits : best_bits, memory);
    return count(hash);
  }
  hashes_.insert(std::lower_bound(hashes_.begin(), hashes_.end(), hash), hash);
}

bool Distinct::grow(std::size_t exact_max, MemoryShare& memory) {
  const std::size_t now = hashes_.capacity();
  const std::size_t next = std::min(exact_max, std::max(first_hashes, now * 2));
  if (next <= now) return false;
  const std::size_t bytes = next * sizeof(std::uint64_t);
  if (memory.scarce() && bytes > MemoryShare::included) return false;
  if (!memory.resize(now * sizeof(std::uint64_t), bytes)) return false;
  hashes_.reserve(next);
  return true;
}

// The memory of the hashes is given back first, for the registers to take.
void Distinct::to_registers(unsigned most_bits, MemoryShare& memory) {
  const std::vector<std::uint64_t> hashes = std::exchange(hashes_, {});
  (void)memory.resize(hashes.capacity() * sizeof(std::uint64_t), 0);
  for (const unsigned bits : {best_bits, scarce_bits, least_bits}) {
    if (bits > most_bits) continue;
    bits_ = bits;
    if (memory.resize(0, std::size_t{1} << bits)) break;
  }
  registers_.assign(std::size_t{1} << bits_, 0);
  for (const std::uint64_t hash : hashes) count(hash);
}

void Distinct::squeeze(MemoryShare& memory) {
  if (hashes_.capacity() * sizeof(std::uint64_t) > std::size_t{1} << scarce_bits) {
    to_registers(scarce_bits, memory);
  }
}

// The first bits choose a register; it keeps the most zeros in a row, and one more, that the rest began with.
void Distinct::count(std::uint64_t hash) {
  const std::uint64_t rest = (hash << bits_) | (std::uint64_t{1} << (bits_ - 1));
  const auto rank = static_cast<std::uint8_t>(std::countl_zero(rest) + 1);
  std::uint8_t& kept = registers_[size_from(hash >> (hash_bits - bits_))];
  kept = std::max(kept, rank);
}

double Distinct::number() const {
  if (exact()) return static_cast<double>(hashes_.size());
  const unsigned most = hash_bits - bits_ + 1;  // that a register holds
  std::array<std::uint32_t, hash_bits + 2> having{};
  for (const std::uint8_t rank : registers_) ++having.at(rank);
  const auto number = static_cast<double>(registers_.size());
  double sum = number * tau(1 - having.at(most) / number);
  for (unsigned rank = most - 1; rank >= 1; --rank) sum = (sum + having.at(rank)) / 2;
  sum += number * sigma(having[0] / number);
  return std::round(number * number / (2 * std::log(2.0)) / sum);
}

}  // namespace scops
