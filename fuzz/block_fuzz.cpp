// Blocks: the input as a whole block, as the columns of one with a right checksum, and as samples that must
// come back bit by bit.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/block_codec.hpp"
#include "core/io/block_format.hpp"

namespace {

using scops::Sample;
using scops::SampleSet;
using scops::Series;

void require(bool holds) {
  if (!holds) std::abort();
}

// As a block has them: by series, then by time, else as they came.
bool same(SampleSet given, const SampleSet& decoded) {
  const auto before = [&given](const Sample& a, const Sample& b) {
    const Series& x = given.series.at(a.series);
    const Series& y = given.series.at(b.series);
    return x != y ? x < y : a.time < b.time;
  };
  std::stable_sort(given.samples.begin(), given.samples.end(), before);
  const auto equal = [&](const Sample& a, const Sample& b) {
    return given.series.at(a.series) == decoded.series.at(b.series) && a.time == b.time &&
           std::bit_cast<std::uint64_t>(a.value) == std::bit_cast<std::uint64_t>(b.value);
  };
  return std::equal(given.samples.begin(), given.samples.end(), decoded.samples.begin(),
                    decoded.samples.end(), equal);
}

// All that is encoded comes back, and has one form.
void settle(const SampleSet& given) {
  const scops::Block block = scops::encode_block(given.series, given.samples);
  const auto decoded = scops::decode_block(block.bytes);
  require(decoded.has_value() && block.records == given.samples.size() && same(given, *decoded));
  require(scops::encode_block(decoded->series, decoded->samples).bytes == block.bytes);
}

// Seventeen bytes a sample: series, time, value.
SampleSet samples_of(std::string_view data) {
  SampleSet set;
  for (int i = 0; i < 8; ++i) {
    set.series.push_back({.name = "name." + std::to_string(i / 2),
                          .tags = {"tag:" + std::to_string(i % 3)},
                          .type = static_cast<scops::MetricType>(i % 4),
                          .interval_s = static_cast<std::uint32_t>(i)});
  }
  for (; data.size() >= 17; data.remove_prefix(17)) {
    Sample sample;
    sample.series = static_cast<unsigned char>(data[0]) % 8U;
    std::memcpy(&sample.time, data.data() + 1, sizeof(sample.time));
    std::memcpy(&sample.value, data.data() + 9, sizeof(sample.value));
    if (std::isfinite(sample.value)) set.samples.push_back(sample);
  }
  return set;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  const std::string_view input(reinterpret_cast<const char*>(data), size);           // NOLINT
  (void)scops::stamp_of_block(input);
  if (const auto set = scops::decode_block(input)) settle(*set);
  if (const auto set = scops::decode_block(scops::seal_block(input))) settle(*set);
  if (!input.empty()) {
    const std::size_t first = static_cast<unsigned char>(input[0]) * input.size() / 256;
    const std::string_view rest = input.substr(1);
    const std::string bytes = scops::seal_block(
        rest.substr(0, first), scops::seal_names(std::string(rest.substr(std::min(first, rest.size())))));
    require(scops::names_of_block(bytes) <= bytes.size());
    if (const auto set = scops::decode_block(bytes)) settle(*set);
  }
  require(scops::names_of_block(input) <= input.size());
  settle(samples_of(input));
  return 0;
}
