// The numbers of one object of a summary (the node, a pod, a container, a volume), read along the fields that
// are wanted.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "collectors/pull/k8s/plan.hpp"
#include "core/io/json_reader.hpp"
#include "core/model/collector.hpp"

namespace scops::k8s {

// What a slot holds beside a number, which is never below 0.
inline constexpr double absent = -1;    // the summary does not have the object that it belongs to
inline constexpr double unusable = -2;  // it has the object, but in it no number that can be right
[[nodiscard]] inline bool is_number(double value) { return value >= 0; }

// Knows which samples are old: those of a stopped container stay in the summary with their old time, or
// with null for one. Measured by the node's own samples, so that no clock is needed; without them nothing is
// old.
class Freshness {
 public:
  void start() { newest_.reset(); }
  void note(std::string_view time);
  [[nodiscard]] bool is_old(std::string_view time) const;

 private:
  std::optional<std::int64_t> newest_;
};

// Reads into one row of values.
class RecordReader {
 public:
  // `values` has fields.slots() places and is set to `absent`.
  RecordReader(JsonReader& json, const Fields& fields, std::span<double> values);

  // One member of the record; others than the wanted ones are left to be skipped.
  void member(std::string_view key, JsonToken first);
  // Members of a node's record: their times count as new. Of all others: old samples are left out.
  void note_times(Freshness& freshness) { notes_ = &freshness; }
  void leave_out_old(const Freshness& freshness) { checks_ = &freshness; }

 private:
  void read_number(int at);
  void read_object(int at);
  [[nodiscard]] bool read_sample(int at);

  JsonReader& json_;
  const Fields& fields_;
  std::span<double> values_;
  Freshness* notes_ = nullptr;
  const Freshness* checks_ = nullptr;
};

// Emits those that have a name and a number.
void emit_record(const Fields& fields, std::span<const double> values, std::span<const Tag> tags, Emit& emit);

}  // namespace scops::k8s
