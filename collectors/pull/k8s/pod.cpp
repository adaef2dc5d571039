#include "collectors/pull/k8s/pod.hpp"

#include <algorithm>
#include <array>

#include "core/io/json_walk.hpp"

namespace scops::k8s {
bool PodReader::read(const Freshness& freshness) {
  freshness_ = &freshness;
  name_ = namespace_ = {};
  parts_.clear();
  values_.clear();
  RecordReader record(json_, plan_.of(Kind::pod), row_of(Kind::pod));
  record.leave_out_old(freshness);
  const bool whole = each_member(json_, [&](std::string_view key, JsonToken first) {
    record.member(key, first);
    member(key, first);
  });
  add_up();
  return whole;
}

void PodReader::member(std::string_view key, JsonToken first) {
  if (key == "podRef" && first == JsonToken::object) read_reference();
  if (first != JsonToken::array) return;
  if (key == "containers") read_parts(Kind::container, 0);
  if (key == "volume") read_parts(Kind::volume, 0);
}

void PodReader::read_reference() {
  each_member(json_, [&](std::string_view key, JsonToken first) {
    if (first != JsonToken::text) return;
    if (key == "name") name_ = json_.text();
    if (key == "namespace") namespace_ = json_.text();
  });
}

// Recursive once: accelerators are parts of a container.
void PodReader::read_parts(Kind kind, std::size_t container) {  // NOLINT(misc-no-recursion)
  const bool wanted =
      plan_.of(kind).slots() > 0 || (kind == Kind::container && plan_.of(Kind::accelerator).slots() > 0);
  if (!wanted) return;
  each_element(json_, [&](JsonToken first) {  // NOLINT(misc-no-recursion)
    if (first != JsonToken::object) return;
    if (parts_.size() == parts_max) {
      ++left_out_;
    } else {
      read_part(kind, container);
    }
  });
}

void PodReader::read_part(Kind kind, std::size_t container) {  // NOLINT(misc-no-recursion)
  const std::size_t part = parts_.size();
  parts_.push_back({.kind = kind, .container = container});
  RecordReader record(json_, plan_.of(kind), row_of(kind));
  if (kind == Kind::container) record.leave_out_old(*freshness_);
  each_member(json_, [&](std::string_view key, JsonToken first) {  // NOLINT(misc-no-recursion)
    record.member(key, first);
    part_member(part, key, first);
  });
  const std::vector<double>& row = rows_[static_cast<std::size_t>(kind)];
  parts_[part].begin = values_.size();
  values_.insert(values_.end(), row.begin(), row.end());
}

void PodReader::part_member(std::size_t part, std::string_view key,
                            JsonToken first) {  // NOLINT(misc-no-recursion)
  Part& into = parts_[part];
  if (first == JsonToken::text) {
    if (key == "name") into.name = json_.text();
    if (key == "make") into.make = json_.text();
    if (key == "model") into.model = json_.text();
    if (key == "id") into.id = json_.text();
  }
  if (into.kind == Kind::volume && key == "pvcRef" && first == JsonToken::object) read_claim(part);
  if (into.kind == Kind::container && key == "accelerators" && first == JsonToken::array)
    read_parts(Kind::accelerator, part);
}

void PodReader::read_claim(std::size_t part) {
  each_member(json_, [&](std::string_view key, JsonToken first) {
    if (key == "name" && first == JsonToken::text) parts_[part].claim = json_.text();
  });
}

std::span<double> PodReader::row_of(Kind kind) {
  std::vector<double>& row = rows_[static_cast<std::size_t>(kind)];
  row.resize(plan_.of(kind).slots());
  return row;
}

// What a pod has no number for, its containers may have.
void PodReader::add_up() {
  std::vector<double>& own = rows_[static_cast<std::size_t>(Kind::pod)];
  for (const Sum& wanted : plan_.sums) {
    double& value = own[static_cast<std::size_t>(wanted.pod_slot)];
    if (value == absent) value = sum(wanted.container_slot);
  }
}

// Of all containers that have such a sample; stopped ones have none. `absent` when one lacks only the number.
double PodReader::sum(int container_slot) const {
  double total = absent;
  for (const Part& part : parts_) {
    if (part.kind != Kind::container) continue;
    const double value = values_[part.begin + static_cast<std::size_t>(container_slot)];
    if (value == unusable) return absent;
    if (value != absent) total = std::max(total, 0.0) + value;
  }
  return total;
}

std::size_t PodReader::hash() const {
  const std::hash<std::string_view> hash;
  return hash(namespace_) * 31 + hash(name_);
}

void PodReader::emit(Emit& emit) const {
  if (!filter_.namespaces.passes(namespace_) || !filter_.names.passes(name_)) return;
  const std::array<Tag, 2> tags{{{"namespace", namespace_}, {"pod_name", name_}}};
  emit_record(plan_.of(Kind::pod), rows_[static_cast<std::size_t>(Kind::pod)], tags, emit);
  for (const Part& part : parts_) emit_part(part, emit);
}

// Without a name of its own a part's numbers are nobody's.
void PodReader::emit_part(const Part& part, Emit& emit) const {
  std::array<Tag, 6> tags{{{"namespace", namespace_}, {"pod_name", name_}}};
  std::size_t count = 2;
  const auto tag = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) tags[count++] = {key, value};
    return !value.empty();
  };
  bool known = false;
  if (part.kind == Kind::container) known = tag("container_name", part.name);
  if (part.kind == Kind::volume) {
    known = tag("volume", part.name);
    tag("claim", part.claim);
  }
  if (part.kind == Kind::accelerator) {
    known = tag("container_name", parts_[part.container].name) && tag("id", part.id);
    tag("make", part.make);
    tag("model", part.model);
  }
  const Fields& fields = plan_.of(part.kind);
  const std::span<const double> values(values_.data() + part.begin, fields.slots());
  if (known) emit_record(fields, values, {tags.data(), count}, emit);
}

}  // namespace scops::k8s
