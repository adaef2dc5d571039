#include "agent/pipeline/window.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/io/block_codec.hpp"

namespace scops {

namespace {

// What a series takes beside its key and its values: the map's node and its buckets, of which there may be
// two for each, the allocator's own, and the head of a sketch.
constexpr std::size_t node_bytes = sizeof(std::string) + sizeof(Aggregate) + 96;
constexpr std::size_t detail_bytes = sizeof(Sketch) + MemoryShare::included;

constexpr std::size_t suffix_room = 32;  // ".99.9percentile" still fits into a block

// Parts carry their length in front: whatever bytes they have, no two series share a key.
void append_part(std::string& key, std::string_view part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  key.append(reinterpret_cast<const char*>(&size), sizeof size);  // NOLINT: raw bytes
  key.append(part);
}

std::string_view next_part(std::string_view& rest) {
  std::uint32_t size = 0;
  std::memcpy(&size, rest.data(), sizeof size);
  const std::string_view part = rest.substr(sizeof size, size);
  rest.remove_prefix(sizeof size + size);
  return part;
}

}  // namespace

WindowRules::WindowRules(const PipelineSettings& settings)
    : wrapper(settings),
      series_max(static_cast<std::size_t>(settings.series_max)),
      histogram_exact(static_cast<std::size_t>(settings.histogram_exact)),
      set_exact(static_cast<std::size_t>(settings.set_exact)) {}

Fate Window::add(const RawSample& sample) {
  if (!rules_.wrapper.knows(sample.type)) return Fate::unknown_type;
  if (sample.type != RawType::set && !std::isfinite(sample.value)) return Fate::not_finite;
  if (!make_key(sample)) return Fate::too_long;
  Aggregate* aggregate = nullptr;
  const Fate fate = find_or_add(sample.type, aggregate);
  if (aggregate != nullptr) merge(sample, *aggregate);
  return fate;
}

bool Window::make_key(const RawSample& sample) {
  if (sample.tags.size() > block_tags_max) return false;
  if (sample.name.size() > block_name_max - suffix_room) return false;
  std::size_t size = 1 + 2 * sizeof(std::uint32_t) + sample.name.size() + sample.other_type.size();
  for (const std::string_view tag : sample.tags) {
    if (tag.size() > block_name_max) return false;
    size += sizeof(std::uint32_t) + tag.size();
  }
  if (size > longest_key) return false;
  tags_.assign(sample.tags.begin(), sample.tags.end());
  if (!std::is_sorted(tags_.begin(), tags_.end())) std::sort(tags_.begin(), tags_.end());
  tags_.erase(std::unique(tags_.begin(), tags_.end()), tags_.end());
  key_.assign(1, static_cast<char>(sample.type));
  append_part(key_, sample.other_type);
  append_part(key_, sample.name);
  for (const std::string_view tag : tags_) append_part(key_, tag);
  return true;
}

Fate Window::find_or_add(RawType type, Aggregate*& aggregate) {
  const auto known = series_.find(std::string_view(key_));
  if (known != series_.end()) {
    aggregate = &known->second;
    return Fate::raw;
  }
  if (series_.size() >= rules_.series_max) return Fate::no_series;
  const bool values = rules_.wrapper.needs_values(type);
  const bool detail = values || type == RawType::set;
  if (!memory_.take(node_bytes + key_.size() + (detail ? detail_bytes : 0))) return Fate::no_memory;
  aggregate = &series_.try_emplace(key_).first->second;
  if (values) aggregate->detail.emplace<Values>();
  if (type == RawType::set) aggregate->detail.emplace<Distinct>();
  return Fate::raw;
}

void Window::merge(const RawSample& sample, Aggregate& into) {
  const bool first = into.reports == 0;
  if (first || sample.time > into.latest) {
    into.latest = sample.time;
    into.latest_value = sample.value;
  }
  into.earliest = first ? sample.time : std::min(into.earliest, sample.time);
  ++into.reports;
  if (auto* members = std::get_if<Distinct>(&into.detail)) {
    for (const std::string_view member : sample.members) members->add(member, rules_.set_exact, memory_);
    return;
  }
  into.sum += sample.value;
  into.min = first ? sample.value : std::min(into.min, sample.value);
  into.max = first ? sample.value : std::max(into.max, sample.value);
  if (auto* values = std::get_if<Values>(&into.detail)) {
    values->add(sample.value, rules_.histogram_exact, memory_);
  }
}

void Window::squeeze() {
  for (auto& [key, aggregate] : series_) {
    if (auto* values = std::get_if<Values>(&aggregate.detail)) values->squeeze(memory_);
    if (auto* members = std::get_if<Distinct>(&aggregate.detail)) members->squeeze(memory_);
  }
}

void Window::visit(const Visitor& visitor) {
  for (auto& [key, aggregate] : series_) {
    std::string_view rest(key);
    const auto type = static_cast<RawType>(rest[0]);
    rest.remove_prefix(1);
    (void)next_part(rest);  // the name of a type that we do not know only tells series apart
    const std::string_view name = next_part(rest);
    tags_.clear();
    while (!rest.empty()) tags_.push_back(next_part(rest));
    visitor(type, name, tags_, aggregate);
  }
}

}  // namespace scops
