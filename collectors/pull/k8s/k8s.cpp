// A Kubernetes node and its pods, out of the kubelet's /stats/summary.
//
//   Kubelet (HTTPS, who we are) -> SummaryReader (along the Plan of wanted numbers) -> Emit
//
// The summary is let go after each capture: in between only a connection is kept.

#include "collectors/pull/k8s/k8s.hpp"

#include <utility>

#include "collectors/pull/k8s/formats.hpp"
#include "collectors/pull/k8s/kubelet.hpp"
#include "collectors/pull/k8s/plan.hpp"
#include "collectors/pull/k8s/summary.hpp"
#include "core/config/spec.hpp"

namespace scops::k8s {
namespace {

class K8sCollector final : public PullCollector {
 public:
  K8sCollector(const K8sSettings& settings, std::string user_agent)
      : kubelet_(settings, std::move(user_agent)),
        plan_(settings.metrics),
        filter_{.namespaces = {settings.namespaces_include, settings.namespaces_exclude},
                .names = {settings.pods_include, settings.pods_exclude}} {}

  Status collect(Emit& emit) override {
    const Result<std::string> summary = kubelet_.summary();
    if (!summary) return summary.error();
    SummaryReader reader(plan_, filter_);
    return reader.read(*summary, emit);
  }

 private:
  Kubelet kubelet_;
  Plan plan_;
  PodFilter filter_;
};

Result<std::unique_ptr<PullCollector>> make(const void* settings, const CollectorContext& context) {
  return make_k8s(*static_cast<const K8sSettings*>(settings), context.user_agent);
}

}  // namespace

std::unique_ptr<PullCollector> make_k8s(const K8sSettings& settings, std::string user_agent) {
  return std::make_unique<K8sCollector>(settings, std::move(user_agent));
}

}  // namespace scops::k8s

namespace scops {

extern const CollectorSpec k8s_collector;
constinit const CollectorSpec k8s_collector{
    .name = "k8s",
    .help = "A Kubernetes node and its pods, out of the kubelet's summary.",
    .section = k8s::k8s_section,
    .make = k8s::make,
    .formats = k8s::k8s_formats,
};

}  // namespace scops
