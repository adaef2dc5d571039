#include "agent/pipeline/block_writer.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/io/block_codec.hpp"
#include "core/io/block_format.hpp"
#include "core/runtime/memory.hpp"

namespace scops {

namespace {

// Names in one slice: more than ten thousand usual series have, and half of what a block takes, so that one
// more series always fits.
constexpr std::size_t slice_names_max = 4U << 20U;

// Those of a block that are kept for the next one.
constexpr std::size_t kept_names_max = 256U << 10U;

static_assert(slice_names_max + (block_tags_max + 1) * (block_name_max + name_overhead) < block_names_max);

}  // namespace

BlockWriter::BlockWriter(std::uint32_t block_records)
    : block_records_(block_records), slice_max_(memory::share(32, 256U << 10U, slice_names_max)) {}

bool BlockWriter::acceptable(const Series& series) {
  const auto fits = [](const std::string& text) { return text.size() <= block_name_max; };
  return fits(series.name) && series.tags.size() <= block_tags_max &&
         std::all_of(series.tags.begin(), series.tags.end(), fits);
}

void BlockWriter::add(Series series, TimeMs time, double value) {
  if (full()) seal();
  slice_.push_back({.series = refer(own_.emplace_back(std::move(series))), .time = time, .value = value});
  ++samples_;
}

void BlockWriter::add(std::span<const Series> series, std::span<const Sample> samples) {
  constexpr std::uint32_t nowhere = UINT32_MAX;
  std::vector<std::uint32_t> places(series.size(), nowhere);  // in the slice
  for (const Sample& sample : samples) {
    if (full()) {
      seal();
      std::fill(places.begin(), places.end(), nowhere);
    }
    std::uint32_t& place = places[sample.series];
    if (place == nowhere) place = refer(series[sample.series]);
    slice_.push_back({.series = place, .time = sample.time, .value = sample.value});
  }
  samples_ += samples.size();
}

std::uint32_t BlockWriter::refer(const Series& series) {
  slice_weight_ += block_weight(series);
  series_.push_back(&series);
  return static_cast<std::uint32_t>(series_.size() - 1);
}

bool BlockWriter::full() const {
  return slice_.size() >= std::min<std::size_t>(block_records_, block_samples_max) ||
         series_.size() >= block_series_max || slice_weight_ >= slice_max_;
}

void BlockWriter::stamp(const Stamp& stamp) {
  if (stamp == stamp_) return;
  seal();
  stamp_ = stamp;
}

void BlockWriter::seal() {
  if (!slice_.empty()) {
    blocks_.push_back(encode_referred(series_, slice_, names_));
    stamp_block(blocks_.back().bytes, stamp_);
    if (names_.columns.size() > kept_names_max) names_ = {};
  }
  series_ = {};
  own_ = {};
  slice_ = {};
  slice_weight_ = 0;
}

std::vector<Block> BlockWriter::take() {
  seal();
  samples_ = 0;
  return std::exchange(blocks_, {});
}

void BlockWriter::clear() { *this = BlockWriter(block_records_); }

}  // namespace scops
