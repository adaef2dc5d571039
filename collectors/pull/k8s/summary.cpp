#include "collectors/pull/k8s/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/io/json_walk.hpp"

namespace scops::k8s {

Status SummaryReader::read(std::string_view text, Emit& emit) {
  json_.start(text);
  freshness_.start();
  pod_.start();
  any_ = pods_known_ = false;
  pods_ = nameless_ = 0;
  named_.clear();
  const Error foreign{ErrorKind::drop, "not a summary: no JSON object with node or pods"};
  if (json_.next() != JsonToken::object) return foreign;
  const bool whole = each_member(json_, [&](std::string_view key, JsonToken first) {
    if (key == "node" && first == JsonToken::object) read_node(emit);
    if (key == "pods" && first == JsonToken::array) read_pods(emit);
    if (key == "pods" && first == JsonToken::null) any_ = pods_known_ = true;  // Go's empty list
  });
  report(emit);
  if (!whole || json_.next() != JsonToken::end) {
    if (json_.too_deep()) return Error{ErrorKind::drop, "the summary nests too deep"};
    return Error{ErrorKind::drop, "the summary breaks off, or is no JSON"};
  }
  if (!any_) return foreign;
  if (pods_known_) emit.gauge("k8s.pods.running", static_cast<double>(pods_));
  return Ok{};
}

void SummaryReader::read_node(Emit& emit) {
  any_ = true;
  const Fields& fields = plan_.of(Kind::node);
  node_values_.resize(fields.slots());
  RecordReader record(json_, fields, node_values_);
  record.note_times(freshness_);
  std::string_view name;
  const bool whole = each_member(json_, [&](std::string_view key, JsonToken first) {
    if (key == "nodeName" && first == JsonToken::text) name = json_.text();
    record.member(key, first);
  });
  if (!whole) return;
  const std::array<Tag, 1> tags{{{"node_name", name}}};
  if (!name.empty()) {
    emit_record(fields, node_values_, tags, emit);
  } else if (std::any_of(node_values_.begin(), node_values_.end(), is_number)) {
    emit.trouble("node", {ErrorKind::drop, "has no nodeName: its numbers are left out"});
  }
}

void SummaryReader::read_pods(Emit& emit) {
  any_ = pods_known_ = true;
  each_element(json_, [&](JsonToken first) {
    if (first != JsonToken::object || !pod_.read(freshness_)) return;
    ++pods_;
    if (!pod_.is_named()) {
      ++nameless_;
    } else if (named_.insert(pod_.hash())
                   .second) {  // a pod made anew may be there twice: one series has one value
      pod_.emit(emit);
    }
  });
}

void SummaryReader::report(Emit& emit) const {
  if (nameless_ > 0) {
    emit.trouble("pods", {ErrorKind::drop, fmt::format("{} without name or namespace left out", nameless_)});
  }
  if (pod_.left_out() > 0) {
    emit.trouble("pods", {ErrorKind::drop, fmt::format("{} containers and volumes beyond {} a pod left out",
                                                       pod_.left_out(), PodReader::parts_max)});
  }
}

}  // namespace scops::k8s
