// /proc/net/dev: what interfaces have carried since they came up. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "collectors/proc/lines.hpp"
#include "core/model/collector.hpp"

namespace scops::host {

struct Traffic {
  std::uint64_t bytes = 0, errors = 0, dropped = 0;
};

struct Interface {
  std::string_view name;  // points into the text
  Traffic received, sent;
};

// `into` keeps its capacity.
void parse_net_dev(std::string_view text, std::vector<Interface>& into, Rejects& rejects);

void emit_interface(const Interface& interface, bool bytes, bool errors, Emit& emit);

}  // namespace scops::host
