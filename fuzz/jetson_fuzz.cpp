// All parsers of the jetson collector: the first byte says which, the rest is the text.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/pull/jetson/cpu.hpp"
#include "collectors/pull/jetson/formats.hpp"
#include "collectors/pull/jetson/memory.hpp"
#include "collectors/pull/jetson/names.hpp"
#include "collectors/pull/jetson/throttle.hpp"
#include "core/model/collector.hpp"

namespace {

using namespace scops;

void expect(bool holds) {
  if (!holds) std::abort();
}

class CheckingEmit final : public Emit {
 public:
  void metric(const Metric& metric) override { expect(std::isfinite(metric.value) && !metric.name.empty()); }
  void trouble(std::string_view part, const Error& error) override {
    expect(!part.empty() && !error.text.empty());
  }
};

void fuzz_format(std::string_view text) {
  CheckingEmit emit;
  jetson::jetson_formats[0].parse(text, emit);
}

void fuzz_loads(std::string_view text) {
  for (const auto load : {jetson::parse_per_mille(text), jetson::parse_load_at_clock(text)}) {
    expect(!load || (*load >= 0 && *load <= 100));
  }
}

void fuzz_modes(std::string_view text) {
  const auto id = jetson::parse_power_mode(text);
  expect(!id || *id >= 0);
  (void)jetson::find_power_mode_name(text, id.value_or(1));
}

void fuzz_versions(std::string_view text) {
  expect(jetson::parse_l4t_release(text).size() <= text.size());
  expect(jetson::parse_l4t_version(text).size() <= text.size());
}

void fuzz_device_tree(std::string_view text) {
  (void)jetson::soc_of(text);
  const std::string_view part = jetson::module_of(text, text);
  expect(part.empty() || part.size() == 10);
}

void fuzz_names(std::string_view text) {
  const std::string name = jetson::zone_name(text);
  expect(name.size() <= 400 && name.find(' ') == std::string::npos);
  (void)jetson::unit_of(text);
}

void fuzz_cores(std::string_view text) {
  const auto cores = jetson::parse_cpus(text);
  expect(!cores || cores->size() <= 1024);
}

void fuzz_interrupts(std::string_view text) {
  const auto count = jetson::parse_interrupts(text, "soctherm_edp");
  expect(!count || std::isfinite(*count));
}

void fuzz_memory(std::string_view text) {
  const jetson::Memory memory = jetson::parse_memory(text);
  expect(!memory.total || *memory.total >= 0);
}

constexpr std::array parsers{fuzz_format, fuzz_loads, fuzz_modes,      fuzz_versions, fuzz_device_tree,
                             fuzz_names,  fuzz_cores, fuzz_interrupts, fuzz_memory};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);  // NOLINT
  parsers.at(data[0] % parsers.size())(text);
  return 0;
}
