// What the codecs of blocks (block_codec.hpp, log_block.hpp) agree on; nobody else includes this (fuzzers and
// tests do).
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/io/block_codec.hpp"
#include "core/model/metric.hpp"
#include "core/model/result.hpp"

namespace scops {

inline constexpr unsigned raw_scale = 7;
inline constexpr std::array<double, raw_scale> powers_of_ten = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
inline constexpr double exact_limit = 9007199254740992.0;  // 2^53: below it every whole number is a double
inline constexpr std::size_t columns_max = 16U << 20U;     // bytes of all columns
inline constexpr std::size_t name_overhead = sizeof(std::string);  // what a name costs beside its bytes

// Bytes of the columns of names: fewer are not worth a stream of their own.
inline constexpr std::size_t names_apart_least = 128;

// What a series costs in memory, counted against block_names_max.
inline std::size_t block_weight(const Series& series) {
  std::size_t weight = series.name.size() + name_overhead;
  for (const std::string& tag : series.tags) weight += tag.size() + name_overhead;
  return weight;
}

// Puts magic, version, checksum and length in front of what is deflated: of columns all in one stream, or of
// points and names in a stream each. Takes them off again: `names` is empty where all are in one.
struct BlockColumns {
  std::string points;  // or all of them
  std::string names;
};
[[nodiscard]] std::string seal_block(std::string_view columns);
[[nodiscard]] std::string seal_block(std::string_view points, const SealedNames& names);
[[nodiscard]] SealedNames seal_names(std::string&& columns);
[[nodiscard]] Result<BlockColumns> unseal_block(std::string_view bytes);

}  // namespace scops
