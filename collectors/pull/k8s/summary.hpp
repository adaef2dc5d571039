// The kubelet's /stats/summary: JSON of k8s.io/kubelet pkg/apis/stats/v1alpha1, of any version. Every object
// and number in it is optional; what is missing, null, text instead of a number, below 0 or beyond 2^63 is
// left out alone, and what is new is skipped.
#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "collectors/pull/k8s/plan.hpp"
#include "collectors/pull/k8s/pod.hpp"
#include "collectors/pull/k8s/record.hpp"
#include "core/io/json_reader.hpp"
#include "core/model/collector.hpp"
#include "core/model/result.hpp"

namespace scops::k8s {

// Builds no tree: beside the text itself it holds one pod. Reads one text after another.
class SummaryReader {
 public:
  // Both outlive this.
  SummaryReader(const Plan& plan, const PodFilter& filter) : plan_(plan), pod_(json_, plan, filter) {}

  // Emits node and pods as they come, then k8s.pods.running. ErrorKind::drop when `text` is no JSON or no
  // summary; what stands before the fault has been emitted then, and each of it is whole.
  Status read(std::string_view text, Emit& emit);

 private:
  void read_node(Emit& emit);
  void read_pods(Emit& emit);
  void report(Emit& emit) const;

  JsonReader json_{63};
  const Plan& plan_;
  Freshness freshness_;
  std::vector<double> node_values_;
  PodReader pod_;
  bool any_ = false;                       // node or pods
  std::size_t pods_ = 0;                   // however many of them pass the filter
  std::size_t nameless_ = 0;               // pods without a name
  std::unordered_set<std::size_t> named_;  // hashes of those that were sent
  bool pods_known_ = false;
};

}  // namespace scops::k8s
