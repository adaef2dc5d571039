// Each COLLECTOR(name) line becomes a declaration of `name_collector`, the constant at the foot of the
// collector's file, and an entry of the list. A line without that constant does not link.

#include "collectors/registry.hpp"

namespace scops {

#define COLLECTOR(name) extern const CollectorSpec name##_collector;
#include "collectors/collectors.def"
#undef COLLECTOR

namespace {

#define COLLECTOR(name) &name##_collector,
constexpr const CollectorSpec* specs[] = {
#include "collectors/collectors.def"
};
#undef COLLECTOR

}  // namespace

std::span<const CollectorSpec* const> collector_specs() { return specs; }

const CollectorSpec* find_collector(std::string_view name) {
  for (const CollectorSpec* spec : specs) {
    if (spec->name == name) return spec;
  }
  return nullptr;
}

}  // namespace scops
