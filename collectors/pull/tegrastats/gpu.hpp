// What a line says about the GPU, put together from one word or several: one load, one clock, and those of
// the graphics processing clusters (GPC) where they are printed one by one. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/pull/tegrastats/words.hpp"
#include "core/model/collector.hpp"

namespace scops::tegrastats {

// GR3D -> 0, GR3D2 -> 1, the first one has no number; nothing for other names.
[[nodiscard]] std::optional<std::size_t> gpc_of(std::string_view name);

class Gpu {
 public:
  // What stands behind the name of that GPC.
  void add(std::size_t gpc, const Figures& figures) { gpcs_.at(gpc) = figures; }

  // At the end of the line.
  void emit(Emit& emit) const;

  static constexpr std::size_t gpcs_max = 8;

 private:
  std::array<std::optional<Figures>, gpcs_max> gpcs_{};
};

}  // namespace scops::tegrastats
