// All parsers of the host collector: the first byte says which, the rest is the file.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "collectors/pull/host/formats.hpp"
#include "collectors/pull/host/memory.hpp"
#include "collectors/pull/host/mounts.hpp"
#include "collectors/pull/host/wear.hpp"
#include "core/model/collector.hpp"

namespace {

using namespace scops;

// What no input may bring about: values that are not finite or names that are empty.
class CheckingEmit final : public Emit {
 public:
  void metric(const Metric& metric) override {
    if (!std::isfinite(metric.value) || metric.name.empty()) std::abort();
  }
  void trouble(std::string_view part, const Error& error) override {
    if (part.empty() || error.text.empty()) std::abort();
  }
};

void fuzz_mounts(std::string_view text) {
  Rejects rejects;
  const std::vector<host::Mount> mounts = host::parse_mounts(text, rejects);
  for (const host::FileSystem& chosen : host::choose_file_systems(mounts, {}, {})) {
    if (chosen.points.empty()) std::abort();
    for (const host::MountPoint& point : chosen.points) (void)host::is_seen(chosen, point, 1);
  }
}

void fuzz_mount_helpers(std::string_view text) {
  (void)host::parse_device_types(text);
  (void)host::device_name(text);
}

void fuzz_memory_helpers(std::string_view text) {
  (void)host::parse_low_watermarks(text);
  (void)host::parse_vmstat(text);
}

void fuzz_wear(std::string_view text) {
  (void)host::parse_life_time(text);
  (void)host::parse_pre_eol(text);
  (void)host::parse_block_written(text);
}

constexpr std::array others{fuzz_mounts, fuzz_mount_helpers, fuzz_memory_helpers, fuzz_wear};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);  // NOLINT
  const std::size_t choice = data[0] % (host::host_formats.size() + others.size());
  if (choice < host::host_formats.size()) {
    CheckingEmit emit;
    host::host_formats.at(choice).parse(text, emit);
  } else {
    others.at(choice - host::host_formats.size())(text);
  }
  return 0;
}
