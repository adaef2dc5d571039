#include "collectors/pull/tegrastats/gpu.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/model/size.hpp"
#include "core/model/text.hpp"

namespace scops::tegrastats {
namespace {

void emit_gpc(std::string_view metric, std::size_t gpc, double value, Emit& emit) {
  const fmt::format_int text(gpc);
  const std::array tags{Tag{"gpc", {text.data(), text.size()}}};
  emit.gauge(metric, value, tags);
}

void raise(std::optional<double>& highest, double value) {
  highest = std::max(highest.value_or(value), value);
}

// The clocks of one word, whose first one is that of `gpc`. False when one is not known.
bool take_clocks(std::string_view clocks, std::size_t gpc, bool one_by_one, std::optional<double>& highest,
                 Emit& emit) {
  bool all_known = !clocks.empty();
  for (; !clocks.empty(); ++gpc) {
    const std::optional<double> clock = next_clock(clocks);
    if (!clock) {
      all_known = false;
      continue;
    }
    if (one_by_one) emit_gpc("tegrastats.gpu.gpc.mhz", gpc, *clock, emit);
    raise(highest, *clock);
  }
  return all_known;
}

}  // namespace

std::optional<std::size_t> gpc_of(std::string_view name) {
  constexpr std::string_view stem = "GR3D";
  if (name.size() < stem.size() || !iequals(name.substr(0, stem.size()), stem)) return std::nullopt;
  const std::string_view digits = name.substr(stem.size());
  if (digits.empty()) return 0;
  const std::optional<std::uint64_t> number = to_uint(digits);
  if (!number || *number == 0 || *number > Gpu::gpcs_max) return std::nullopt;
  return size_from(*number - 1);
}

void Gpu::emit(Emit& emit) const {
  const bool several = std::any_of(gpcs_.begin() + 1, gpcs_.end(), [](const auto& gpc) { return gpc; });
  std::optional<double> load;
  std::optional<double> clock;
  bool all_clocks = true;
  for (std::size_t gpc = 0; gpc < gpcs_.size(); ++gpc) {
    if (!gpcs_[gpc]) continue;
    Figures figures = *gpcs_[gpc];
    if (const std::optional<double> own = next_load(figures.loads)) {
      if (several) emit_gpc("tegrastats.gpu.gpc.load", gpc, *own, emit);
      raise(load, *own);
    }
    const bool one_by_one = several || figures.clock_list;
    const bool known = take_clocks(figures.clocks, gpc, one_by_one, clock, emit) || figures.off;
    all_clocks = known && all_clocks;
  }
  if (load) emit.gauge("tegrastats.gpu.load", *load);
  if (clock && all_clocks) emit.gauge("tegrastats.gpu.mhz", *clock);
}

}  // namespace scops::tegrastats
