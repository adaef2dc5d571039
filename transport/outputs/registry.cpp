#include "transport/outputs/registry.hpp"

namespace scops {

#define OUTPUT(name) extern const OutputSpec name##_output;
#include "transport/outputs/outputs.def"
#undef OUTPUT

std::span<const OutputSpec* const> output_specs() {
#define OUTPUT(name) &name##_output,
  static constexpr const OutputSpec* all[] = {
#include "transport/outputs/outputs.def"
  };
#undef OUTPUT
  return all;
}

}  // namespace scops
