// collectors/pull/k8s over any bytes: no metric without its tags, no value that cannot be right, and as much
// is emitted for a text the second time as the first.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/pull/k8s/formats.hpp"
#include "collectors/pull/k8s/summary.hpp"
#include "core/model/iso_time.hpp"

namespace {

void expect(bool fine) {
  if (!fine) std::abort();
}

class CheckingEmit final : public scops::Emit {
 public:
  void metric(const scops::Metric& metric) override {
    expect(metric.name.starts_with("k8s.") && std::isfinite(metric.value) && metric.value >= 0);
    expect(metric.name == "k8s.pods.running" || !metric.tags.empty());
    for (const scops::Tag& tag : metric.tags) expect(!tag.key.empty() && !tag.value.empty());
    ++metrics;
  }
  void trouble(std::string_view part, const scops::Error& error) override {
    expect(!part.empty() && !error.text.empty());
  }

  std::size_t metrics = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  const std::string_view text(reinterpret_cast<const char*>(data), size);            // NOLINT
  (void)scops::parse_rfc3339(text);
  static const scops::k8s::Plan plan = scops::k8s::Plan::all();
  static const scops::k8s::PodFilter filter;
  scops::k8s::SummaryReader reader(plan, filter);
  CheckingEmit first;
  CheckingEmit second;
  const bool fine = reader.read(text, first).has_value();
  expect(reader.read(text, second).has_value() == fine);
  expect(first.metrics == second.metrics);
  return 0;
}
