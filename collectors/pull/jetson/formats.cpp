#include "collectors/pull/jetson/formats.hpp"

#include "collectors/proc/lines.hpp"
#include "collectors/pull/jetson/names.hpp"
#include "collectors/pull/jetson/throttle.hpp"

namespace scops::jetson {
namespace {

void format_throttled(std::string_view input, Emit& emit) {
  Rejects rejects(emit);
  LineReader lines(input);
  for (std::string_view line; lines.next(line);) {
    if (const auto bits = parse_throttled(line)) {
      emit_pi_bits(*bits, emit);
    } else {
      rejects.add(lines.number(), line);
    }
  }
}

}  // namespace

constinit const std::array<Format, 1> jetson_formats{
    Format{"rpi-throttled", "What `vcgencmd get_throttled` or get_throttled of a Pi says.", format_throttled},
};

}  // namespace scops::jetson
