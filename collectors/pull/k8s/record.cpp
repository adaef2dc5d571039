#include "collectors/pull/k8s/record.hpp"

#include <algorithm>
#include <array>

#include "core/io/json_walk.hpp"
#include "core/model/iso_time.hpp"

namespace scops::k8s {
namespace {

constexpr std::int64_t old_after_s = 300;

// Go's numbers are unsigned and of 64 bits; what is in the upper half has wrapped around below 0.
constexpr double too_large = 9223372036854775808.0;

// The objects that are sampled with the container; disks are measured on their own, some once an hour.
constexpr std::array<std::string_view, 5> samples{"cpu", "memory", "io", "network", "swap"};

}  // namespace

void Freshness::note(std::string_view time) {
  const auto sampled = parse_rfc3339(time);
  if (sampled) newest_ = std::max(newest_.value_or(sampled->seconds), sampled->seconds);
}

bool Freshness::is_old(std::string_view time) const {
  const auto sampled = newest_ ? parse_rfc3339(time) : std::nullopt;
  return sampled && *newest_ - sampled->seconds > old_after_s;
}

RecordReader::RecordReader(JsonReader& json, const Fields& fields, std::span<double> values)
    : json_(json), fields_(fields), values_(values) {
  std::fill(values_.begin(), values_.end(), absent);
}

void RecordReader::member(std::string_view key, JsonToken first) {
  const int at = fields_.find(0, key);
  if (at == Fields::none && notes_ == nullptr) return;
  const auto set_all = [&](double value) {
    for (std::size_t slot = 0; slot < values_.size(); ++slot) {
      if (fields_.owner(slot) == at) values_[slot] = value;
    }
  };
  set_all(first == JsonToken::null ? absent : unusable);
  if (first == JsonToken::number) read_number(at);
  if (first != JsonToken::object) return;
  if (std::find(samples.begin(), samples.end(), key) == samples.end()) {
    read_object(at);
  } else if (!read_sample(at)) {
    set_all(absent);
  }
}

void RecordReader::read_number(int at) {
  const int slot = fields_.slot(at);
  if (slot == Fields::none) return;
  const std::optional<double> number = json_.number();
  const bool possible = number && *number >= 0 && *number < too_large;
  values_[static_cast<std::size_t>(slot)] = possible ? *number : unusable;
}

void RecordReader::read_object(int at) {  // NOLINT(misc-no-recursion): as deep as the table of fields
  each_member(json_, [&](std::string_view key, JsonToken first) {  // NOLINT(misc-no-recursion)
    const int child = fields_.find(at, key);
    if (child == Fields::none) return;
    if (first == JsonToken::number) read_number(child);
    if (first == JsonToken::object) read_object(child);
  });
}

// False when the sample is old.
bool RecordReader::read_sample(int at) {
  bool old = false;
  each_member(json_, [&](std::string_view key, JsonToken first) {
    if (key == "time") {
      if (notes_ != nullptr && first == JsonToken::text) notes_->note(json_.text());
      if (checks_ == nullptr) return;
      old = first == JsonToken::null || (first == JsonToken::text && checks_->is_old(json_.text()));
      return;
    }
    const int child = fields_.find(at, key);
    if (child == Fields::none) return;
    if (first == JsonToken::number) read_number(child);
    if (first == JsonToken::object) read_object(child);
  });
  return !old;
}

void emit_record(const Fields& fields, std::span<const double> values, std::span<const Tag> tags,
                 Emit& emit) {
  for (std::size_t slot = 0; slot < values.size(); ++slot) {
    const std::string& name = fields.name(slot);
    if (!name.empty() && is_number(values[slot])) emit.gauge(name, values[slot], tags);
  }
}

}  // namespace scops::k8s
