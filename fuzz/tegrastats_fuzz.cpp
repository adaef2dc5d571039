// Lines of tegrastats, as `scops parse` and as the collector take them: through the buffer of a child, whose
// reads cut the stream anywhere. The first byte says where.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/pull/tegrastats/formats.hpp"
#include "collectors/pull/tegrastats/line.hpp"
#include "core/io/line_buffer.hpp"
#include "core/model/text.hpp"

namespace {

using namespace scops;

class CheckingEmit final : public Emit {
 public:
  void metric(const Metric& metric) override {
    if (!std::isfinite(metric.value) || metric.name.empty()) std::abort();
    for (const Tag& tag : metric.tags) {
      if (tag.value.empty() || tag.value.size() > 64 || !is_utf8(tag.value)) std::abort();
    }
  }
  void trouble(std::string_view part, const Error& error) override {
    if (part.empty() || error.text.empty()) std::abort();
  }
};

void fuzz_stream(std::string_view text, std::size_t piece, Emit& emit) {
  constexpr std::size_t longest = 300;
  LineBuffer buffer(longest);
  while (!text.empty()) {
    const auto room = buffer.room();
    const std::size_t count = std::min({piece, room.size(), text.size()});
    if (count == 0) std::abort();
    std::copy_n(text.data(), count, room.data());
    buffer.filled(count);
    text.remove_prefix(count);
    for (std::string_view line; buffer.next(line);) {
      if (line.size() > longest || line.find('\n') != std::string_view::npos) std::abort();
      if (tegrastats::is_statistics(line)) tegrastats::emit_line(line, tegrastats::all_groups, emit);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);  // NOLINT
  CheckingEmit emit;
  tegrastats::tegrastats_formats[0].parse(text, emit);
  tegrastats::emit_line(text, tegrastats::all_groups, emit);
  fuzz_stream(text, data[0] + std::size_t{1}, emit);
  return 0;
}
