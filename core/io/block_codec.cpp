// A block: magic, version, checksum, length and perhaps a stamp (block_format.cpp), then its columns,
// deflated: those of the names and those of the points. Alike bytes stand side by side, so that deflate finds
// them. The names, when they are many, have a stream of their own, behind that of the points, because they
// are the same in block after block, which a store makes use of. Their columns:
//
//   index    tags: number, then for each (bytes shared with the one before, further bytes); series: number,
//            then for each the same of its name, its type, interval, number of tags, numbers of the tags
//   text     the further bytes of tags and names
//
// and of the points:
//
//   times    number, the first, then the differences: one capture has one time, so this is short
//   shape    for each series: 1 when its points have the times of the series before, else 2 x number of
//   points
//            and the differences of their places in `times`; then its scale
//   values   points of scale 0 to 6: value x 10^scale, as the difference to the point before
//   raw      points of scale 7: doubles, their first bytes, then their second bytes...
//
// Each column is preceded by its length. All numbers are varints, signed ones zigzag. Blocks of versions 1
// and 2 have one stream with all columns, those of the names first. Decoding is block_decode.cpp.

#include "core/io/block_codec.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <string>
#include <vector>

#include "core/io/block_format.hpp"
#include "core/io/varint.hpp"

namespace scops {

namespace {

using Indexes = std::vector<std::uint32_t>;

struct Columns {
  std::string index, text, times, shape, values, raw;
};

// The smallest scale at which `value` is a whole number that divides back to the same bits, else raw_scale.
unsigned scale_of(double value) {
  for (unsigned scale = 0; scale < raw_scale; ++scale) {
    const double whole = std::nearbyint(value * powers_of_ten[scale]);
    if (std::fabs(whole) >= exact_limit) break;
    // By way of the integer: it has no negative zero, so -0.0 is told from 0.
    const auto stored = static_cast<double>(static_cast<std::int64_t>(whole));
    if (std::bit_cast<std::uint64_t>(stored / powers_of_ten[scale]) == std::bit_cast<std::uint64_t>(value)) {
      return scale;
    }
  }
  return raw_scale;
}

class Encoder {
 public:
  Encoder(std::span<const Series* const> series, std::span<const Sample> samples, SealedNames& known)
      : series_(series), samples_(samples), known_(known) {}

  Block encode() {
    choose_series();
    choose_samples();
    write_tags();
    write_times();
    write_series();
    Block block;
    block.records = static_cast<std::uint32_t>(points_.size());
    if (!times_.empty()) block.newest = times_.back();
    block.bytes = seal_columns();
    return block;
  }

 private:
  static constexpr std::uint32_t nobody = UINT32_MAX;

  static bool acceptable(const Series& one) {
    const auto fits = [](const std::string& text) { return text.size() <= block_name_max; };
    return fits(one.name) && one.tags.size() <= block_tags_max &&
           std::all_of(one.tags.begin(), one.tags.end(), fits);
  }

  // Fills sorted_ with the series that have samples, in order and once each, and rank_ with everyone's place
  // there.
  void choose_series() {
    rank_.assign(series_.size(), nobody);
    Indexes used;
    for (const Sample& sample : samples_) {
      if (sample.series >= series_.size() || rank_[sample.series] != nobody) continue;
      if (!std::isfinite(sample.value) || !acceptable(*series_[sample.series])) continue;
      rank_[sample.series] = 0;
      used.push_back(sample.series);
    }
    std::sort(used.begin(), used.end(), [this](auto a, auto b) { return *series_[a] < *series_[b]; });
    std::size_t weight = 0;
    for (const std::uint32_t one : used) {
      if (sorted_.empty() || *series_[sorted_.back()] != *series_[one]) {
        weight += block_weight(*series_[one]);
        if (weight > block_names_max || sorted_.size() == block_series_max) full_ = true;
        if (!full_) sorted_.push_back(one);
      }
      rank_[one] = full_ ? nobody : static_cast<std::uint32_t>(sorted_.size() - 1);
    }
  }

  // Fills points_ with the samples to keep, by series, then time, then their order in the input.
  void choose_samples() {
    for (std::uint32_t i = 0; i < samples_.size() && points_.size() < block_samples_max; ++i) {
      const Sample& sample = samples_[i];
      const bool known = sample.series < series_.size() && rank_[sample.series] != nobody;
      if (known && std::isfinite(sample.value)) points_.push_back(i);
    }
    std::stable_sort(points_.begin(), points_.end(), [this](auto a, auto b) {
      const auto key = [this](auto i) { return std::pair(rank_[samples_[i].series], samples_[i].time); };
      return key(a) < key(b);
    });
  }

  void append_shared(std::string_view text, std::string_view& before) {
    const auto differ = std::mismatch(text.begin(), text.end(), before.begin(), before.end());
    const auto shared = static_cast<std::size_t>(differ.first - text.begin());
    append_varint(out_.index, shared);
    append_varint(out_.index, text.size() - shared);
    out_.text.append(text.substr(shared));
    before = text;
  }

  // Most tags of a series are those of the one above, as the global tags are: no need to sort or to look for
  // them once more.
  static bool repeats(std::span<const std::string> tags, std::size_t i, std::span<const std::string> above) {
    return i < above.size() && above[i] == tags[i];
  }

  void write_tags() {
    std::span<const std::string> above;
    for (const std::uint32_t one : sorted_) {
      const std::span<const std::string> tags = series_[one]->tags;
      for (std::size_t i = 0; i < tags.size(); ++i) {
        if (!repeats(tags, i, above)) tags_.push_back(tags[i]);
      }
      above = tags;
    }
    std::sort(tags_.begin(), tags_.end());
    tags_.erase(std::unique(tags_.begin(), tags_.end()), tags_.end());
    append_varint(out_.index, tags_.size());
    std::string_view before;
    for (const std::string_view tag : tags_) append_shared(tag, before);
  }

  void write_times() {
    for (const std::uint32_t point : points_) times_.push_back(samples_[point].time);
    std::sort(times_.begin(), times_.end());
    times_.erase(std::unique(times_.begin(), times_.end()), times_.end());
    append_varint(out_.times, times_.size());
    TimeMs before = 0;
    for (const TimeMs time : times_) {
      // Unsigned: the difference of two extremes wraps, and wraps back.
      const std::uint64_t step = static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(before);
      append_varint(out_.times, zigzag(static_cast<std::int64_t>(step)));
      before = time;
    }
  }

  void write_series() {
    append_varint(out_.index, sorted_.size());
    std::string_view before;
    std::span<const std::string> above;
    std::span<const std::uint32_t> rest = points_;
    for (std::uint32_t rank = 0; rank < sorted_.size(); ++rank) {
      const Series& one = *series_[sorted_[rank]];
      append_shared(one.name, before);
      append_varint(out_.index, static_cast<std::uint64_t>(one.type));
      append_varint(out_.index, one.interval_s);
      append_varint(out_.index, one.tags.size());
      tag_places_.resize(one.tags.size());
      for (std::size_t i = 0; i < one.tags.size(); ++i) {
        if (!repeats(one.tags, i, above)) tag_places_[i] = place_of<std::string_view>(tags_, one.tags[i]);
        append_varint(out_.index, tag_places_[i]);
      }
      above = one.tags;
      const auto end =
          std::find_if(rest.begin(), rest.end(), [&](auto i) { return rank_[samples_[i].series] != rank; });
      const auto points = rest.first(static_cast<std::size_t>(end - rest.begin()));
      rest = rest.subspan(points.size());
      write_shape(points);
      write_values(points);
    }
    append_raw();
  }

  template <class T>
  static std::uint64_t place_of(const std::vector<T>& sorted, const T& value) {
    return static_cast<std::uint64_t>(std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin());
  }

  void write_shape(std::span<const std::uint32_t> points) {
    next_places_.clear();
    for (const std::uint32_t point : points) next_places_.push_back(place_of(times_, samples_[point].time));
    if (next_places_ == places_) {
      append_varint(out_.shape, 1);
      return;
    }
    append_varint(out_.shape, 2 * next_places_.size());
    std::uint64_t before = 0;
    for (const std::uint64_t place : next_places_)
      append_varint(out_.shape, place - std::exchange(before, place));
    places_.swap(next_places_);
  }

  // One scale for all points of a series: a sum of 0.25 and 3 is a series of quarters.
  void write_values(std::span<const std::uint32_t> points) {
    unsigned scale = 0;
    for (const std::uint32_t point : points) scale = std::max(scale, scale_of(samples_[point].value));
    const auto too_large = [&](auto i) {
      return std::fabs(samples_[i].value) * powers_of_ten[scale] >= exact_limit;
    };
    if (scale < raw_scale && std::any_of(points.begin(), points.end(), too_large)) scale = raw_scale;
    append_varint(out_.shape, scale);
    std::int64_t before = 0;
    for (const std::uint32_t point : points) {
      const double value = samples_[point].value;
      if (scale == raw_scale) {
        raw_.push_back(std::bit_cast<std::uint64_t>(value));
        continue;
      }
      const std::int64_t whole = std::llrint(value * powers_of_ten[scale]);
      append_varint(out_.values, zigzag(whole - std::exchange(before, whole)));
    }
  }

  void append_raw() {
    for (int shift = 56; shift >= 0; shift -= 8) {
      for (const std::uint64_t bits : raw_)
        out_.raw.push_back(static_cast<char>(bits >> static_cast<unsigned>(shift)));
    }
  }

  [[nodiscard]] std::string seal_columns() {
    std::string names = joined({&out_.index, &out_.text});
    const std::string points = joined({&out_.times, &out_.shape, &out_.values, &out_.raw});
    if (names.size() < names_apart_least) return seal_block(names + points);
    if (names != known_.columns) known_ = seal_names(std::move(names));
    return seal_block(points, known_);
  }

  static std::string joined(std::initializer_list<const std::string*> columns) {
    std::string all;
    for (const std::string* one : columns) {
      append_varint(all, one->size());
      all.append(*one);
    }
    return all;
  }

  std::span<const Series* const> series_;
  std::span<const Sample> samples_;
  SealedNames& known_;
  Indexes sorted_, rank_, points_;
  std::vector<std::string_view> tags_;
  std::vector<TimeMs> times_;
  std::vector<std::uint64_t> tag_places_, places_, next_places_, raw_;
  bool full_ = false;
  Columns out_;
};

}  // namespace

Block encode_block(std::span<const Series> series, std::span<const Sample> samples) {
  std::vector<const Series*> referred;
  referred.reserve(series.size());
  for (const Series& one : series) referred.push_back(&one);
  SealedNames names;
  return encode_referred(referred, samples, names);
}

Block encode_referred(std::span<const Series* const> series, std::span<const Sample> samples,
                      SealedNames& names) {
  return Encoder(series, samples, names).encode();
}

}  // namespace scops
