// The number of distinct members of one set in one window. Up to a bound each member's 64-bit hash is kept
// and the number is exact, but for two members that share a hash (a chance of 3e-14 among a thousand); beyond
// it a HyperLogLog of 2^14 bytes estimates the number with a standard error of 0.8 %, and with fewer bytes
// when memory is scarce: 2^11 (2.3 %), 2^8 (6.5 %).
//
// Flajolet, Fusy, Gandouet, Meunier: "HyperLogLog", 2007; estimated as in Ertl: "New cardinality estimation
// algorithms for HyperLogLog sketches", arXiv:1702.01284, which needs no tables of corrections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/pipeline/memory_share.hpp"

namespace scops {

class Distinct {
 public:
  // Up to `exact_max` members are told apart by their hashes, fewer when memory is scarce.
  void add(std::string_view member, std::size_t exact_max, MemoryShare& memory);

  // Gives memory back: an estimate takes the place of hashes where that is smaller.
  void squeeze(MemoryShare& memory);

  [[nodiscard]] double number() const;

  [[nodiscard]] bool exact() const { return registers_.empty(); }

 private:
  [[nodiscard]] bool grow(std::size_t exact_max, MemoryShare& memory);
  void to_registers(unsigned most_bits, MemoryShare& memory);
  void count(std::uint64_t hash);

  std::vector<std::uint64_t> hashes_;    // sorted; while exact
  std::vector<std::uint8_t> registers_;  // 2^bits_ of them; afterwards
  unsigned bits_ = 0;
};

}  // namespace scops
