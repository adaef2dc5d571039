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

bool same(const SampleSet& a, const SampleSet& b) {
  if (a.series != b.series || a.samples.size() != b.samples.size()) return false;
  for (std::size_t i = 0; i < a.samples.size(); ++i) {
    const Sample& x = a.samples[i];
    const Sample& y = b.samples[i];
    if (x.series != y.series || x.time != y.time) return false;
    if (std::bit_cast<std::uint64_t>(x.value) != std::bit_cast<std::uint64_t>(y.value)) return false;
  }
  return true;
}

// What was decoded once is encoded and decoded again: from then on nothing may change.
void settle(const SampleSet& first) {
  const scops::Block block = scops::encode_block(first.series, first.samples);
  const auto second = scops::decode_block(block.bytes);
  require(second.has_value() && second->samples.size() == block.records);
  const scops::Block again = scops::encode_block(second->series, second->samples);
  require(again.bytes == block.bytes);
  require(same(*second, *scops::decode_block(again.bytes)));
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
    const std::string bytes =
        scops::seal_block(rest.substr(0, first), rest.substr(std::min(first, rest.size())));
    require(scops::names_of_block(bytes) <= bytes.size());
    if (const auto set = scops::decode_block(bytes)) settle(*set);
  }
  require(scops::names_of_block(input) <= input.size());
  const SampleSet samples = samples_of(input);
  require(scops::encode_block(samples.series, samples.samples).records == samples.samples.size());
  settle(samples);
  return 0;
}
