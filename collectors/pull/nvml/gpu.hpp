// What one GPU reports. Each call may be unsupported on its own, and is then absent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/pull/nvml/api.hpp"
#include "collectors/pull/nvml/settings.hpp"
#include "core/model/collector.hpp"

namespace scops::nvml {

// What a call that gave no value means.
enum class Meaning : std::uint8_t { absent, lost, trouble };
[[nodiscard]] Meaning meaning(Answer answer);

class Gpu {
 public:
  // `settings` and `library` outlive it.
  Gpu(const NvmlSettings& settings, const Library& library, unsigned index, Device device);

  // Emits the groups of the option. False: the GPU is lost, and no longer asked.
  bool collect(Emit& emit);

  // Did the last capture give anything?
  [[nodiscard]] bool silent() const { return emitted_ == 0; }
  [[nodiscard]] const std::string& name() const { return name_; }  // empty where unknown

 private:
  [[nodiscard]] bool wants(std::string_view group) const;
  // Of one call: is there a value?
  bool good(Emit& emit, std::string_view what, int answer);
  void put(Emit& emit, std::string_view metric, double value, Tag first = {}, Tag second = {});
  [[nodiscard]] std::string ask_text(int (*function)(Device, char*, unsigned)) const;

  void load(Emit& emit);
  void memory(Emit& emit);
  void temperature(Emit& emit);
  void power(Emit& emit);
  void clocks(Emit& emit);
  void throttle(Emit& emit);
  void ecc(Emit& emit);

  const NvmlSettings* settings_;  // pointers, so that GPUs can be moved in their list
  const Library* library_;
  const Functions* functions_;
  Device device_;
  std::string index_, name_, uuid_;
  std::uint64_t emitted_ = 0;
  bool lost_ = false;
};

}  // namespace scops::nvml
