#include "collectors/pull/nvml/gpu.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "core/model/text.hpp"

namespace scops::nvml {
namespace {

// NVML_VALUE_NOT_AVAILABLE is -1, also in answers without a sign.
template <class T>
bool is_value(T number) {
  return number != std::numeric_limits<T>::max();
}

constexpr std::array absent{Answer::not_supported, Answer::not_found,      Answer::function_not_found,
                            Answer::no_data,       Answer::no_ecc_in_vgpu, Answer::other_version,
                            Answer::deprecated,    Answer::not_ready};
constexpr std::array lost{Answer::uninitialized, Answer::gpu_is_lost, Answer::reset_required};

constexpr unsigned percent_max = 100;
constexpr int gpu_sensor = 0;  // NVML_TEMPERATURE_GPU

// NVML_STRUCT_VERSION(Temperature, 1)
constexpr unsigned temperature_version = sizeof(Temperature) | 1U << 24U;

struct Word {
  int number;
  std::string_view name;
};
// nvmlClockType_t
constexpr std::array clock_types{Word{0, "graphics"}, Word{1, "sm"}, Word{2, "memory"}, Word{3, "video"}};
// Bits of nvmlClocksEventReasons.
constexpr std::array reasons{
    Word{0, "idle"},        Word{1, "applications_clocks"}, Word{2, "sw_power_cap"},
    Word{3, "hw_slowdown"}, Word{4, "sync_boost"},          Word{5, "sw_thermal"},
    Word{6, "hw_thermal"},  Word{7, "hw_power_brake"},      Word{8, "display_clocks"}};
// nvmlMemoryErrorType_t and nvmlEccCounterType_t
constexpr std::array error_types{Word{0, "corrected"}, Word{1, "uncorrected"}};
constexpr std::array counters{Word{0, "volatile"}, Word{1, "aggregate"}};

}  // namespace

Meaning meaning(Answer answer) {
  if (std::find(absent.begin(), absent.end(), answer) != absent.end()) return Meaning::absent;
  if (std::find(lost.begin(), lost.end(), answer) != lost.end()) return Meaning::lost;
  return Meaning::trouble;
}

Gpu::Gpu(const NvmlSettings& settings, const Library& library, unsigned index, Device device)
    : settings_(&settings),
      library_(&library),
      functions_(&library.functions()),
      device_(device),
      index_(std::to_string(index)),
      name_(ask_text(functions_->name)),
      uuid_(ask_text(functions_->uuid)) {}

std::string Gpu::ask_text(int (*function)(Device, char*, unsigned)) const {
  std::array<char, 96> text{};  // NVML_DEVICE_NAME_V2_BUFFER_SIZE, NVML_DEVICE_UUID_V2_BUFFER_SIZE
  if (function == nullptr) return {};
  if (static_cast<Answer>(function(device_, text.data(), text.size())) != Answer::success) return {};
  text.back() = '\0';
  return printable(text.data());
}

bool Gpu::wants(std::string_view group) const {
  return std::find(settings_->metrics.begin(), settings_->metrics.end(), group) != settings_->metrics.end();
}

bool Gpu::collect(Emit& emit) {
  struct Group {
    std::string_view name;
    void (Gpu::*collect)(Emit&);
  };
  constexpr std::array groups{
      Group{"load", &Gpu::load},   Group{"memory", &Gpu::memory}, Group{"temperature", &Gpu::temperature},
      Group{"power", &Gpu::power}, Group{"clocks", &Gpu::clocks}, Group{"throttle", &Gpu::throttle},
      Group{"ecc", &Gpu::ecc}};
  emitted_ = 0;
  for (const Group& group : groups) {
    if (!lost_ && wants(group.name)) (this->*group.collect)(emit);
  }
  return !lost_;
}

bool Gpu::good(Emit& emit, std::string_view what, int answer) {
  const auto as = static_cast<Answer>(answer);
  if (as == Answer::success) return true;
  const Meaning means = meaning(as);
  if (means == Meaning::absent) return false;
  if (means == Meaning::lost) lost_ = true;
  emit.trouble(fmt::format("gpu {}", index_),
               {ErrorKind::retry, fmt::format("{}: {}", what, library_->text(as))});
  return false;
}

void Gpu::put(Emit& emit, std::string_view metric, double value, Tag first, Tag second) {
  std::array<Tag, 5> tags{Tag{"gpu", index_}};
  std::size_t count = 1;
  const auto add = [&tags, &count](Tag tag) {
    if (!tag.value.empty()) tags.at(count++) = tag;
  };
  add(first);
  add(second);
  for (const std::string& tag : settings_->tags) add({tag, tag == "uuid" ? uuid_ : name_});
  emit.gauge(metric, value, std::span(tags).first(count));
  ++emitted_;
}

void Gpu::load(Emit& emit) {
  Utilization used{};
  if (functions_->utilization == nullptr || !good(emit, "load", functions_->utilization(device_, &used)))
    return;
  if (used.gpu <= percent_max) put(emit, "nvml.load.gpu", used.gpu);
  if (used.memory <= percent_max) put(emit, "nvml.load.memory", used.memory);
}

// An integrated GPU has no memory of its own: not supported, or a total of 0.
void Gpu::memory(Emit& emit) {
  Memory memory{};
  if (functions_->memory == nullptr || !good(emit, "memory", functions_->memory(device_, &memory))) return;
  if (memory.total == 0) return;
  if (is_value(memory.used)) put(emit, "nvml.memory.used", static_cast<double>(memory.used));
  if (is_value(memory.free)) put(emit, "nvml.memory.free", static_cast<double>(memory.free));
}

// The older function has no sign, the newer one no support on older boards.
void Gpu::temperature(Emit& emit) {
  Temperature now{.version = temperature_version, .sensor = gpu_sensor, .celsius = 0};
  if (functions_->temperature_v != nullptr) {
    const int answer = functions_->temperature_v(device_, &now);
    if (meaning(static_cast<Answer>(answer)) != Meaning::absent || functions_->temperature == nullptr) {
      if (good(emit, "temperature", answer)) put(emit, "nvml.temperature", now.celsius);
      return;
    }
  }
  unsigned celsius = 0;
  if (functions_->temperature == nullptr) return;
  if (!good(emit, "temperature", functions_->temperature(device_, gpu_sensor, &celsius))) return;
  put(emit, "nvml.temperature", static_cast<int>(celsius));
}

void Gpu::power(Emit& emit) {
  constexpr double milliwatts = 1000;
  unsigned power = 0;
  if (functions_->power != nullptr && good(emit, "power", functions_->power(device_, &power)) &&
      is_value(power))
    put(emit, "nvml.power.usage", power / milliwatts);
  if (lost_ || functions_->power_limit == nullptr) return;
  if (good(emit, "power limit", functions_->power_limit(device_, &power)) && is_value(power))
    put(emit, "nvml.power.limit", power / milliwatts);
}

void Gpu::clocks(Emit& emit) {
  if (functions_->clock == nullptr) return;
  for (const Word& type : clock_types) {
    unsigned megahertz = 0;
    if (lost_) return;
    if (!good(emit, "clock", functions_->clock(device_, type.number, &megahertz)) || !is_value(megahertz))
      continue;
    put(emit, "nvml.clock", megahertz, {"clock", type.name});
  }
}

// A reason that the GPU cannot give is absent; where it does not say which it can, only those that are given
// are known.
void Gpu::throttle(Emit& emit) {
  unsigned long long now = 0;
  unsigned long long known = 0;
  if (functions_->throttle == nullptr || !good(emit, "throttle", functions_->throttle(device_, &now))) return;
  if (!is_value(now)) return;
  if (functions_->throttle_supported == nullptr ||
      !good(emit, "throttle", functions_->throttle_supported(device_, &known)))
    known = 0;
  for (const Word& reason : reasons) {
    const bool given = (now >> static_cast<unsigned>(reason.number) & 1U) != 0;
    const bool can = (known >> static_cast<unsigned>(reason.number) & 1U) != 0;
    if (given || can) put(emit, "nvml.throttle", given ? 1 : 0, {"reason", reason.name});
  }
}

void Gpu::ecc(Emit& emit) {
  if (functions_->ecc == nullptr) return;
  for (const Word& type : error_types) {
    for (const Word& counter : counters) {
      unsigned long long count = 0;
      if (lost_) return;
      if (!good(emit, "ecc", functions_->ecc(device_, type.number, counter.number, &count)) ||
          !is_value(count))
        continue;
      put(emit, "nvml.ecc.errors", static_cast<double>(count), {"type", type.name},
          {"counter", counter.name});
    }
  }
}

}  // namespace scops::nvml
