#include "transport/outputs/datadog/encode_columns.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/io/varint.hpp"
#include "core/model/text.hpp"

namespace scops {
namespace {

// Fields of MetricData.
enum class Field : std::uint32_t {
  names = 1,
  tags = 2,
  tagsets = 3,
  resource_texts = 4,
  resource_counts = 5,
  resource_types = 6,
  resource_names = 7,
  types = 10,
  name_refs = 11,
  tagset_refs = 12,
  resource_refs = 13,
  intervals = 14,
  point_counts = 15,
  times = 16,
  integers = 17,
  floats = 18,
  doubles = 19,
  source_refs = 23,
  origin_refs = 24,
};

// Field of Payload.
constexpr std::uint32_t metric_data = 3;

// How the values of a series are written: bits of its type.
enum class Form : std::uint64_t { zero = 0x00, integer = 0x10, single = 0x20, wide = 0x30 };

// Beyond, an integer takes three bytes and more, whose digits zstd finds again less often than those of a
// number of fixed width (decision 093).
constexpr double integer_end = 8192;

// What codes of its own cost in zstd's frame pays from there on.
constexpr std::size_t large_column = 1024;

std::uint64_t type_of(MetricType type) {
  switch (type) {
    case MetricType::count:
      return 1;
    case MetricType::rate:
      return 2;
    case MetricType::gauge:
    case MetricType::distribution:
      break;
  }
  return 3;
}

bool is_integer(double value) { return std::abs(value) < integer_end && std::trunc(value) == value; }
bool is_single(double value) {
  constexpr auto most = static_cast<double>(std::numeric_limits<float>::max());
  return std::abs(value) <= most && static_cast<double>(static_cast<float>(value)) == value;
}

// The first form that keeps each value.
Form form_of(std::span<const Sample> samples) {
  bool all_zero = true;
  bool all_integers = true;
  bool all_singles = true;
  for (const Sample& sample : samples) {
    if (!std::isfinite(sample.value)) continue;
    all_zero &= sample.value == 0;
    all_integers &= is_integer(sample.value);
    all_singles &= is_single(sample.value);
  }
  if (all_zero) return Form::zero;
  if (all_integers) return Form::integer;
  return all_singles ? Form::single : Form::wide;
}

template <typename Bits>
void append_little_endian(std::string& into, Bits bits) {
  for (std::size_t byte = 0; byte < sizeof bits; ++byte)
    into.push_back(static_cast<char>(bits >> (byte * 8)));
}

// Numbers as differences from the one before.
class Deltas {
 public:
  void add(std::int64_t value) {
    append_varint(bytes_, zigzag(value - last_));
    last_ = value;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::int64_t last_ = 0;
};

// Texts in the order of their first use, from 1 on; 0 is the empty one, which is not written.
class Dictionary {
 public:
  // Of a text that outlives this.
  std::int64_t reference(std::string_view text) {
    if (text.empty()) return 0;
    const auto [place, is_new] =
        references_.try_emplace(text, static_cast<std::int64_t>(references_.size()) + 1);
    if (is_new) append(text);
    return place->second;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void append(std::string_view text) {
    if (!is_utf8(text)) return append(to_utf8(text));
    append_varint(bytes_, text.size());
    bytes_ += text;
  }

  std::unordered_map<std::string_view, std::int64_t> references_;
  std::string bytes_;
};

// Datadog's clients name the device of a series beside its host, not among its tags.
constexpr std::string_view device_tag = "device:";

bool names_device(std::string_view tag) {
  return tag.starts_with(device_tag) && tag.size() > device_tag.size();
}

class Columns {
 public:
  // `host` outlives this.
  explicit Columns(std::string_view host) : host_(host) {}

  // Returns the number of points written.
  std::size_t add(const Series& series, std::span<const Sample> samples) {
    const Form form = form_of(samples);
    std::size_t points = 0;
    for (const Sample& sample : samples) {
      if (!std::isfinite(sample.value)) continue;
      ++points;
      times_.add(seconds_of(sample.time));
      add_value(form, sample.value);
    }
    if (points == 0) return 0;
    ++entries_;
    append_varint(types_, type_of(series.type) | static_cast<std::uint64_t>(form));
    name_refs_.add(names_.reference(series.name));
    tagset_refs_.add(tagset(series.tags));
    resource_refs_.add(resources(series.tags));
    append_varint(intervals_, series.interval_s);
    append_varint(point_counts_, points);
    return points;
  }

  // The whole of it as the one field of a Payload, and where in `into` a large column begins.
  void write(std::string& into, std::vector<std::size_t>& cuts) const;

 private:
  static std::int64_t seconds_of(TimeMs time) { return time / 1000; }

  void add_value(Form form, double value) {
    switch (form) {
      case Form::zero:
        break;
      case Form::integer:
        append_varint(integers_, zigzag(static_cast<std::int64_t>(value)));
        break;
      case Form::single:
        append_little_endian(floats_, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
        break;
      case Form::wide:
        append_little_endian(doubles_, std::bit_cast<std::uint64_t>(value));
        break;
    }
  }

  // The number of these tags among the sets of tags, from 1 on; 0 is the empty one.
  std::int64_t tagset(const std::vector<std::string>& tags) {
    tag_refs_.clear();
    for (const std::string& tag : tags) {
      if (!tag.empty() && !names_device(tag)) tag_refs_.push_back(tags_.reference(tag));
    }
    if (tag_refs_.empty()) return 0;
    std::sort(tag_refs_.begin(), tag_refs_.end());
    Deltas references;
    for (const std::int64_t reference : tag_refs_) references.add(reference);
    const auto [place, is_new] = tagsets_.try_emplace(references.bytes(), next_of(tagsets_));
    if (is_new) {
      append_varint(tagset_bytes_, zigzag(static_cast<std::int64_t>(tag_refs_.size())));
      tagset_bytes_ += references.bytes();
    }
    return place->second;
  }

  // The same for what the series is of: the host, and the devices among its tags.
  std::int64_t resources(const std::vector<std::string>& tags) {
    Deltas types;
    Deltas names;
    std::uint64_t count = 0;
    const auto add = [&](std::string_view type, std::string_view name) {
      types.add(resource_texts_.reference(type));
      names.add(resource_texts_.reference(name));
      ++count;
    };
    if (!host_.empty()) add("host", host_);
    for (const std::string_view tag : tags) {
      if (names_device(tag)) add("device", tag.substr(device_tag.size()));
    }
    if (count == 0) return 0;
    const auto [place, is_new] = resource_sets_.try_emplace(names.bytes(), next_of(resource_sets_));
    if (is_new) {
      append_varint(resource_counts_, count);
      resource_types_ += types.bytes();
      resource_names_ += names.bytes();
    }
    return place->second;
  }

  using Sets = std::map<std::string, std::int64_t>;  // by what is written of one
  static std::int64_t next_of(const Sets& sets) { return static_cast<std::int64_t>(sets.size()) + 1; }

  const std::string_view host_;
  std::size_t entries_ = 0;
  std::vector<std::int64_t> tag_refs_;  // of one series
  Sets tagsets_, resource_sets_;
  Dictionary names_, tags_, resource_texts_;
  Deltas name_refs_, tagset_refs_, resource_refs_, times_;
  std::string tagset_bytes_, resource_counts_, resource_types_, resource_names_, types_, intervals_,
      point_counts_, integers_, floats_, doubles_;
};

void append_field(std::string& into, std::uint32_t number, std::string_view bytes) {
  constexpr std::uint32_t length_delimited = 2;
  append_varint(into, number << 3U | length_delimited);
  append_varint(into, bytes.size());
  into += bytes;
}

void Columns::write(std::string& into, std::vector<std::size_t>& cuts) const {
  std::string data;
  const std::size_t cuts_before = cuts.size();
  const auto column = [&](Field field, std::string_view bytes) {
    if (bytes.size() >= large_column) cuts.push_back(data.size());
    if (!bytes.empty()) append_field(data, static_cast<std::uint32_t>(field), bytes);
  };
  const std::string none(entries_, '\0');  // a reference to nothing for each series
  column(Field::names, names_.bytes());
  column(Field::tags, tags_.bytes());
  column(Field::tagsets, tagset_bytes_);
  column(Field::resource_texts, resource_texts_.bytes());
  column(Field::resource_counts, resource_counts_);
  column(Field::resource_types, resource_types_);
  column(Field::resource_names, resource_names_);
  column(Field::types, types_);
  column(Field::name_refs, name_refs_.bytes());
  column(Field::tagset_refs, tagset_refs_.bytes());
  column(Field::resource_refs, resource_refs_.bytes());
  column(Field::intervals, intervals_);
  column(Field::point_counts, point_counts_);
  column(Field::times, times_.bytes());
  column(Field::integers, integers_);
  column(Field::floats, floats_);
  column(Field::doubles, doubles_);
  column(Field::source_refs, none);
  column(Field::origin_refs, none);
  append_field(into, metric_data, data);
  const std::size_t begin = into.size() - data.size();
  for (std::size_t i = cuts_before; i < cuts.size(); ++i) cuts[i] += begin;
}

}  // namespace

std::size_t encode_columns(const SampleSet& set, std::string_view host, std::string& into,
                           std::vector<std::size_t>& cuts) {
  const std::span<const Sample> all = set.samples;
  Columns columns(host);
  std::size_t points = 0;
  for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
    const std::uint32_t series = all[begin].series;
    while (end < all.size() && all[end].series == series) ++end;
    points += columns.add(set.series.at(series), all.subspan(begin, end - begin));
  }
  columns.write(into, cuts);
  return points;
}

}  // namespace scops
