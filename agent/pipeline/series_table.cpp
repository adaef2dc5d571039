#include "agent/pipeline/series_table.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "agent/pipeline/block_writer.hpp"
#include "agent/pipeline/labels.hpp"
#include "core/io/block_format.hpp"
#include "core/runtime/memory.hpp"

namespace scops {

namespace {

// Of the memory cap.
constexpr std::uint64_t table_share = 4;

// Name and tags are there twice, in the series and in the key.
std::size_t weight_of(const Series& series) {
  constexpr std::size_t places = 64;  // in the index and the other columns
  return 2 * block_weight(series) + places;
}

using Length = std::uint16_t;  // of a part of a key

static_assert(SeriesTable::longest_key <= std::numeric_limits<Length>::max());

template <class Value>
char* put(char* to, Value value) {
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

char* put_text(char* to, std::string_view text) { return std::copy(text.begin(), text.end(), to); }

// Parts carry their length in front: whatever bytes they have, no two series share a key.
char* put_part(char* to, std::string_view part) {
  return put_text(put(to, static_cast<Length>(part.size())), part);
}

}  // namespace

SeriesTable::SeriesTable(std::size_t capacity, std::vector<std::string> fixed_tags)
    : capacity_(capacity),
      weight_max_(memory::share(table_share, 1U << 20U, SIZE_MAX)),
      fixed_tags_(std::move(fixed_tags)) {}

SeriesTable::Place SeriesTable::find_or_add(const Metric& metric, std::string_view prefix) {
  if (!make_key(metric, prefix)) return {Verdict::too_long};
  const auto known = index_.find(std::string_view(key_));
  if (known != index_.end()) {
    last_seen_[known->second] = flush_;
    return {Verdict::known, known->second};
  }
  if (heavy()) return {Verdict::memory_max};
  if (series_.size() >= capacity_) return {Verdict::series_max};
  Series series = make_series(metric, prefix);
  if (!BlockWriter::acceptable(series)) return {Verdict::too_long};
  const auto number = static_cast<std::uint32_t>(series_.size());
  series_.push_back(std::move(series));
  const std::size_t weight = weight_of(series_.back());
  weight_ += weight;
  memory::taking(weight);
  last_seen_.push_back(flush_);
  index_.emplace(key_, number);
  return {Verdict::known, number};
}

bool SeriesTable::heavy() const { return weight_ >= weight_max_ || memory::room() == memory::Room::full; }

// Type, interval, name, and tags in order. False when that is too long.
bool SeriesTable::make_key(const Metric& metric, std::string_view prefix) {
  const std::size_t name = prefix.size() + metric.name.size();
  std::size_t size = sizeof metric.type + sizeof metric.interval_s + sizeof(Length) + name;
  for (const Tag& tag : metric.tags) size += 2 * sizeof(Length) + tag.key.size() + tag.value.size();
  if (size > longest_key) return false;
  sorted_.assign(metric.tags.begin(), metric.tags.end());
  std::sort(sorted_.begin(), sorted_.end(),
            [](const Tag& a, const Tag& b) { return std::pair(a.key, a.value) < std::pair(b.key, b.value); });
  key_.resize(size);
  char* to = put(put(key_.data(), metric.type), metric.interval_s);
  to = put_text(put_text(put(to, static_cast<Length>(name)), prefix), metric.name);
  for (const Tag& tag : sorted_) to = put_part(put_part(to, tag.key), tag.value);
  return true;
}

Series SeriesTable::make_series(const Metric& metric, std::string_view prefix) const {
  Series series{
      .name = std::string(prefix), .tags = fixed_tags_, .type = metric.type, .interval_s = metric.interval_s};
  series.name += metric.name;
  for (const Tag& tag : metric.tags) series.tags.push_back(tag_text(tag));
  std::sort(series.tags.begin(), series.tags.end());
  series.tags.erase(std::unique(series.tags.begin(), series.tags.end()), series.tags.end());
  return series;
}

bool SeriesTable::sweep() {
  ++flush_;
  if (series_.size() < capacity_ / 2 && weight_ < weight_max_ / 2) return false;
  std::vector<std::uint32_t> moved(series_.size(), UINT32_MAX);
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < series_.size(); ++i) {
    if (flush_ - last_seen_[i] > idle_flushes) {
      weight_ -= weight_of(series_[i]);
      continue;
    }
    moved[i] = kept;
    if (kept != i) {
      series_[kept] = std::move(series_[i]);
      last_seen_[kept] = last_seen_[i];
    }
    ++kept;
  }
  if (kept == series_.size()) return false;
  series_.resize(kept);
  last_seen_.resize(kept);
  std::erase_if(index_, [&moved](const auto& entry) { return moved[entry.second] == UINT32_MAX; });
  for (auto& entry : index_) entry.second = moved[entry.second];
  return true;
}

}  // namespace scops
