// Samples to the bytes of a block and back: columns (series dictionary, time deltas, decimal-aware values),
// deflated, with a magic, a version and a CRC-32 in front. Pure; decoding survives any input.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/model/buffer.hpp"
#include "core/model/metric.hpp"
#include "core/model/result.hpp"
#include "core/model/stamp.hpp"

namespace scops {

// The most that one block takes, so that decoding has bounds. What is beyond, is not finite or refers to no
// series is left out, as `records` of the block then tells.
inline constexpr std::size_t block_samples_max = 1 << 18;
inline constexpr std::size_t block_series_max = 1 << 14;
inline constexpr std::size_t block_tags_max = 128;         // of one series
inline constexpr std::size_t block_name_max = 2048;        // bytes of a name or a tag
inline constexpr std::size_t block_names_max = 8U << 20U;  // bytes of all names and tags, 32 more for each

// A block of kind metrics. `samples` refer to `series` by index, in any order; series that no sample refers
// to are left out, so a caller may pass its whole table. Equal series become one. Deterministic; every finite
// double comes back bit by bit.
[[nodiscard]] Block encode_block(std::span<const Series> series, std::span<const Sample> samples);
// Names of a block as its columns, and deflated.
struct SealedNames {
  std::string columns, stream;
};

// The same of series that stay where they are: a table's, so that none is copied. `names` are those of the
// block before, and become those of this one: the same series at each flush are deflated once.
[[nodiscard]] Block encode_referred(std::span<const Series* const> series, std::span<const Sample> samples,
                                    SealedNames& names);

// Writes into a block of any kind by which clock its times were taken: 11 bytes. A stamp without a boot is
// not worth it, and none is ever replaced.
void stamp_block(std::string& bytes, const Stamp& stamp);

// The stamp of a block that has one; its first stamped_header_size bytes will do, and are not checked.
inline constexpr std::size_t stamped_header_size = 23;
[[nodiscard]] Stamp stamp_of_block(std::string_view bytes);

// A block of many series ends with their names, compressed, which are the same in the next block of the same
// series: where they begin. Other blocks: their size. Never more than that, whatever the bytes are.
[[nodiscard]] std::size_t names_of_block(std::string_view bytes);

// Is this a whole, undamaged block (magic, version, length, checksum)? Cheap: nothing is inflated.
[[nodiscard]] Status check_block(std::string_view bytes);

// The samples, grouped by series, times ascending within each. ErrorKind::drop when damaged or of an unknown
// version.
[[nodiscard]] Result<SampleSet> decode_block(std::string_view bytes);

}  // namespace scops
