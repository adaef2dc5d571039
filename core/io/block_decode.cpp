// The reading half of the block codec; the format is drawn in block_codec.cpp. A checksum says that the bytes
// are those that were written, not that they were written by us: every count is checked before memory is
// asked for.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>

#include "core/io/block_codec.hpp"
#include "core/io/block_format.hpp"
#include "core/io/varint.hpp"
#include "core/model/size.hpp"

namespace scops {

namespace {

class Decoder {
 public:
  explicit Decoder(const BlockColumns& columns) {
    ByteReader points(columns.points);
    ByteReader apart(columns.names);
    ByteReader& names = columns.names.empty() ? points : apart;
    for (ByteReader* one : {&index_, &text_}) *one = ByteReader(names.bytes(names.varint()));
    for (ByteReader* one : {&times_, &shape_, &values_}) *one = ByteReader(points.bytes(points.varint()));
    raw_ = points.bytes(points.varint());
    valid_ = points.done() && names.done() && raw_.size() % 8 == 0;
  }

  Result<SampleSet> decode() {
    if (!valid_ || !read_tags() || !read_times() || !read_series())
      return Error{ErrorKind::drop, "block: its columns are wrong"};
    return std::move(set_);
  }

 private:
  // The next name: what it shares with the one before, and the rest. Counts against the budget of names.
  bool read_shared(std::string& text) {
    const std::size_t shared = index_.count(std::min(text.size(), block_name_max));
    const std::size_t further = index_.count(block_name_max - shared);
    text.resize(shared);
    text.append(text_.bytes(further));
    return !index_.failed() && !text_.failed() && spend(text);
  }

  bool spend(const std::string& text) {
    const std::size_t cost = text.size() + name_overhead;
    if (cost > budget_) return false;
    budget_ -= cost;
    return true;
  }

  bool read_tags() {
    const std::size_t number = index_.count(block_names_max / name_overhead);
    std::string tag;
    for (std::size_t i = 0; i < number; ++i) {
      if (!read_shared(tag)) return false;
      tags_.push_back(tag);
    }
    budget_ = block_names_max;  // the table is gone when the series stand
    return !index_.failed();
  }

  bool read_times() {
    const std::size_t number = times_.count(block_samples_max);
    std::uint64_t time = 0;
    for (std::size_t i = 0; i < number && !times_.failed(); ++i) {
      time += static_cast<std::uint64_t>(unzigzag(times_.varint()));
      table_.push_back(static_cast<TimeMs>(time));
    }
    return times_.done() && std::is_sorted(table_.begin(), table_.end());
  }

  bool read_series() {
    const std::size_t number = index_.count(block_series_max);
    std::string name;
    for (std::size_t i = 0; i < number; ++i) {
      if (!read_shared(name) || !read_identity(name) || !read_shape() || !read_points()) return false;
    }
    return index_.done() && text_.done() && shape_.done() && values_.done() && 8 * raw_used_ == raw_.size();
  }

  bool read_identity(const std::string& name) {
    Series one;
    one.name = name;
    one.type = static_cast<MetricType>(index_.count(static_cast<std::size_t>(MetricType::distribution)));
    one.interval_s = static_cast<std::uint32_t>(index_.count(UINT32_MAX));
    const std::size_t number = index_.count(block_tags_max);
    for (std::size_t i = 0; i < number; ++i) {
      const std::size_t tag = size_from(index_.varint());
      if (index_.failed() || tag >= tags_.size() || !spend(tags_[tag])) return false;
      one.tags.push_back(tags_[tag]);
    }
    set_.series.push_back(std::move(one));
    return !index_.failed();
  }

  // Which times the points of the next series have.
  bool read_shape() {
    const std::uint64_t head = shape_.varint();
    if (head == 1) return !shape_.failed();
    const std::uint64_t number = head / 2;
    if (head % 2 != 0 || number > shape_.left()) return false;
    places_.clear();
    std::size_t place = 0;
    for (std::size_t i = 0; i < number; ++i) {
      place += shape_.count(table_.size());
      if (shape_.failed() || place >= table_.size()) return false;
      places_.push_back(place);
    }
    return !shape_.failed();
  }

  bool read_points() {
    const std::size_t scale = shape_.count(raw_scale);
    if (shape_.failed() || places_.size() > block_samples_max - set_.samples.size()) return false;
    const auto series = static_cast<std::uint32_t>(set_.series.size() - 1);
    std::uint64_t whole = 0;
    for (const std::size_t place : places_) {
      double value = 0;
      if (scale == raw_scale) {
        if (!read_raw(value)) return false;
      } else {
        whole += static_cast<std::uint64_t>(unzigzag(values_.varint()));
        value = static_cast<double>(static_cast<std::int64_t>(whole)) / powers_of_ten[scale];
        if (values_.failed()) return false;
      }
      set_.samples.push_back({.series = series, .time = table_[place], .value = value});
    }
    return true;
  }

  bool read_raw(double& value) {
    const std::size_t number = raw_.size() / 8;
    if (raw_used_ >= number) return false;
    std::uint64_t bits = 0;
    for (std::size_t plane = 0; plane < 8; ++plane) {
      bits = bits << 8U | static_cast<unsigned char>(raw_[plane * number + raw_used_]);
    }
    ++raw_used_;
    value = std::bit_cast<double>(bits);
    return std::isfinite(value);
  }

  ByteReader index_, text_, times_, shape_, values_;
  std::string_view raw_;
  std::size_t raw_used_ = 0;
  bool valid_ = false;
  std::size_t budget_ = block_names_max;
  std::vector<std::string> tags_;
  std::vector<TimeMs> table_;
  std::vector<std::size_t> places_;
  SampleSet set_;
};

}  // namespace

Result<SampleSet> decode_block(std::string_view bytes) {
  const Result<BlockColumns> columns = unseal_block(bytes);
  if (!columns) return columns.error();
  return Decoder(*columns).decode();
}

}  // namespace scops
