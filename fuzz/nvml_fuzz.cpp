// What a driver's library for GPUs may answer: names that do not end, numbers and states of any size. The
// library is this program itself, whose functions answer with the bytes of the input.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "collectors/pull/nvml/gpu.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace scops;

// Of the execution under way.
constinit fuzz::Input* input = nullptr;
constinit std::string* words = nullptr;

// Mostly a success.
int answer() {
  const std::uint8_t byte = input->byte();
  return byte < 0xC0 ? 0 : byte == 0xFF ? static_cast<int>(input->number(4)) : byte - 0xC0;
}

template <class Number>
int answer(Number* into) {
  *into = static_cast<Number>(input->number(sizeof(Number)));
  return answer();
}

// The first that is no success.
int answer_all(auto*... into) {
  int first = 0;
  ((first = first == 0 ? answer(into) : first), ...);
  return first;
}

// As a library that minds neither the end of the text nor its encoding.
int answer_text(char* into, unsigned size) {
  const std::string_view text = input->text();
  text.copy(into, size);
  return answer();
}

class CheckingEmit final : public Emit {
 public:
  void metric(const Metric& metric) override {
    if (!std::isfinite(metric.value) || !metric.name.starts_with("nvml.")) std::abort();
    for (const Tag& tag : metric.tags) {
      if (tag.key.empty()) std::abort();
    }
  }
  void trouble(std::string_view part, const Error& error) override {
    if (part.empty() || error.text.empty() || error.text.find('\n') != std::string::npos) std::abort();
  }
};

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): NVML's names
extern "C" {
int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }
int nvmlDeviceGetCount_v2(unsigned* count) { return answer(count); }
int nvmlDeviceGetHandleByIndex_v2(unsigned /*index*/, nvml::Device* device) {
  *device = nullptr;
  return 0;
}
const char* nvmlErrorString(int /*answer*/) {
  *words = input->text();
  return words->empty() ? nullptr : words->c_str();
}
int nvmlDeviceGetName(nvml::Device /*device*/, char* text, unsigned size) { return answer_text(text, size); }
int nvmlDeviceGetUUID(nvml::Device /*device*/, char* text, unsigned size) { return answer_text(text, size); }
int nvmlDeviceGetUtilizationRates(nvml::Device /*device*/, nvml::Utilization* used) {
  return answer_all(&used->gpu, &used->memory);
}
int nvmlDeviceGetMemoryInfo(nvml::Device /*device*/, nvml::Memory* memory) {
  return answer_all(&memory->total, &memory->free, &memory->used);
}
int nvmlDeviceGetTemperatureV(nvml::Device /*device*/, nvml::Temperature* now) {
  return answer(&now->celsius);
}
int nvmlDeviceGetTemperature(nvml::Device /*device*/, int /*sensor*/, unsigned* celsius) {
  return answer(celsius);
}
int nvmlDeviceGetPowerUsage(nvml::Device /*device*/, unsigned* power) { return answer(power); }
int nvmlDeviceGetEnforcedPowerLimit(nvml::Device /*device*/, unsigned* power) { return answer(power); }
int nvmlDeviceGetClockInfo(nvml::Device /*device*/, int /*type*/, unsigned* clock) { return answer(clock); }
int nvmlDeviceGetCurrentClocksEventReasons(nvml::Device /*device*/, unsigned long long* why) {
  return answer(why);
}
int nvmlDeviceGetSupportedClocksEventReasons(nvml::Device /*device*/, unsigned long long* why) {
  return answer(why);
}
int nvmlDeviceGetTotalEccErrors(nvml::Device /*device*/, int /*error*/, int /*counter*/,
                                unsigned long long* count) {
  return answer(count);
}
}
// NOLINTEND(readability-identifier-naming)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  fuzz::Input bytes({reinterpret_cast<const char*>(data), size});                    // NOLINT
  std::string text;
  input = &bytes;
  words = &text;
  static const auto library = nvml::Library::open("");  // dlopen(3): the main program
  if (!library) std::abort();
  static const nvml::NvmlSettings settings{
      .metrics = {"load", "memory", "temperature", "power", "clocks", "throttle", "ecc"},
      .tags = {"uuid", "name"},
      .library = {},
      .gpus_max = 16};
  CheckingEmit emit;
  nvml::Gpu gpu(settings, *library, 0, nullptr);
  for (int capture = 0; capture < 2 && gpu.collect(emit); ++capture) {
  }
  return 0;
}
