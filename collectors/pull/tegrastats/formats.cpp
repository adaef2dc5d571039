#include "collectors/pull/tegrastats/formats.hpp"

#include <string_view>

#include "collectors/proc/lines.hpp"
#include "collectors/pull/tegrastats/line.hpp"

namespace scops::tegrastats {
namespace {

void format_lines(std::string_view input, Emit& emit) {
  Rejects rejects(emit);
  LineReader lines(input);
  for (std::string_view line; lines.next(line);) {
    if (line.size() <= line_max && is_statistics(line)) {
      emit_line(line, all_groups, emit);
    } else {
      rejects.add(lines.number(), line);
    }
  }
}

}  // namespace

constinit const std::array<Format, 1> tegrastats_formats{
    Format{"tegrastats", "Lines that tegrastats prints, of all versions.", format_lines},
};

}  // namespace scops::tegrastats
