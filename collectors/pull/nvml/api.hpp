// NVML (https://docs.nvidia.com/deploy/nvml-api/) without its header: the few functions and structs that are
// used, as the library's stable binary interface has them, found at run time. Nothing links to the library.
#pragma once

#include <cstddef>
#include <string>

#include "core/model/result.hpp"

namespace scops::nvml {

// nvmlReturn_t, those that make a difference here.
enum class Answer : int {
  success = 0,
  uninitialized = 1,
  not_supported = 3,
  no_permission = 4,
  not_found = 6,
  driver_not_loaded = 9,
  function_not_found = 13,
  gpu_is_lost = 15,
  reset_required = 16,
  library_mismatch = 18,
  no_data = 21,
  no_ecc_in_vgpu = 22,
  other_version = 25,
  deprecated = 26,
  not_ready = 27,
  gpu_not_found = 28,
};

struct DeviceOpaque;
using Device = DeviceOpaque*;  // nvmlDevice_t; good until shutdown

struct Utilization {  // nvmlUtilization_t
  unsigned gpu, memory;
};
struct Memory {  // nvmlMemory_t
  unsigned long long total, free, used;
};
struct Temperature {  // nvmlTemperature_v1_t
  unsigned version;
  int sensor;
  int celsius;
};

// Each is null where this version of the library lacks it; only the first five are always there.
struct Functions {
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*count)(unsigned* count) = nullptr;
  int (*handle)(unsigned index, Device* device) = nullptr;
  const char* (*error)(int answer) = nullptr;
  int (*name)(Device device, char* text, unsigned size) = nullptr;
  int (*uuid)(Device device, char* text, unsigned size) = nullptr;
  int (*utilization)(Device device, Utilization* utilization) = nullptr;
  int (*memory)(Device device, Memory* memory) = nullptr;
  int (*temperature_v)(Device device, Temperature* temperature) = nullptr;     // since 12.8 of CUDA
  int (*temperature)(Device device, int sensor, unsigned* celsius) = nullptr;  // deprecated in 13
  int (*power)(Device device, unsigned* milliwatts) = nullptr;
  int (*power_limit)(Device device, unsigned* milliwatts) = nullptr;
  int (*clock)(Device device, int type, unsigned* megahertz) = nullptr;
  int (*throttle)(Device device, unsigned long long* reasons) = nullptr;
  int (*throttle_supported)(Device device, unsigned long long* reasons) = nullptr;
  int (*ecc)(Device device, int error, int counter, unsigned long long* count) = nullptr;
};

// The library, loaded and initialized; unloaded at the end.
class Library {
 public:
  // ErrorKind::absent when there is no such library, or no driver or GPU for it; retry otherwise.
  [[nodiscard]] static Result<Library> open(const std::string& name);
  Library(Library&& other) noexcept;
  Library& operator=(Library&& other) = delete;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library();  // NOLINT(performance-trivially-destructible): not in api.cpp

  [[nodiscard]] const Functions& functions() const { return functions_; }
  // "GPU is lost (15)".
  [[nodiscard]] std::string text(Answer answer) const;

 private:
  explicit Library(void* handle) : handle_(handle) {}
  [[nodiscard]] bool resolve();

  void* handle_;
  bool initialized_ = false;
  Functions functions_;
};

}  // namespace scops::nvml
