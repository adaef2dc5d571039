#include "collectors/pull/k8s/formats.hpp"

#include "collectors/pull/k8s/plan.hpp"
#include "collectors/pull/k8s/summary.hpp"
#include "core/model/text.hpp"

namespace scops::k8s {
namespace {

void format_summary(std::string_view input, Emit& emit) {
  const Plan plan = Plan::all();
  const PodFilter filter;
  SummaryReader reader(plan, filter);
  const Status read = reader.read(input, emit);
  if (read) return;
  emit.trouble("document 1", {read.error().kind, read.error().text + ": '" + printable(input) + "'"});
}

}  // namespace

constinit const std::array<Format, 1> k8s_formats{
    Format{"kubelet-summary", "An answer of the kubelet's /stats/summary.", format_summary},
};

}  // namespace scops::k8s
