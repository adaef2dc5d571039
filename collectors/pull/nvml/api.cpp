// All of the run-time loading; a static program has no_api.cpp in its place.

#include "collectors/pull/nvml/api.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "core/model/text.hpp"

namespace scops::nvml {
namespace {

// Tries the names in turn: newer libraries have a function under another name, or both.
template <class Function>
bool find(void* handle, Function& function, std::initializer_list<const char*> names) {
  for (const char* const name : names) {
    void* const symbol = ::dlsym(handle, name);
    if (symbol == nullptr) continue;
    static_assert(sizeof symbol == sizeof function);
    std::memcpy(&function, &symbol, sizeof function);  // POSIX promises that this is right
    return true;
  }
  return false;
}

// The loader gives its reasons in words only. A library that misses another one is there.
Error load_error(const std::string& name) {
  const char* const said = ::dlerror();  // NOLINT(concurrency-mt-unsafe): glibc keeps it by thread
  const std::string why = printable(said == nullptr ? "" : said, 200);
  const bool missing =
      why.starts_with(name + ":") && why.find("No such file or directory") != std::string::npos;
  if (missing) {
    return {ErrorKind::absent,
            fmt::format(
                "there is no {}: NVIDIA's driver brings it; in a container use the NVIDIA runtime, or mount "
                "it and set SCOPS_NVML_LIBRARY",
                printable(name, 200))};
  }
  return {ErrorKind::retry, "load: " + why};
}

bool is_no_gpu(Answer answer) {
  return answer == Answer::driver_not_loaded || answer == Answer::gpu_not_found;
}

std::string_view advice(Answer answer) {
  if (is_no_gpu(answer)) return "; in a container, give it the GPU: --gpus all or --runtime nvidia";
  if (answer == Answer::no_permission)
    return "; the agent's user needs /dev/nvidiactl and /dev/nvidia0, on a Jetson the group video";
  if (answer == Answer::library_mismatch) return "; the driver was updated: reboot, or load its new module";
  return "";
}

}  // namespace

Result<Library> Library::open(const std::string& name) {
  void* const handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return load_error(name);
  Library library(handle);
  if (!library.resolve())
    return Error{ErrorKind::retry, printable(name, 200) + " is not NVML: functions are missing"};
  const auto answer = static_cast<Answer>(library.functions_.init());
  if (answer != Answer::success) {
    return Error{is_no_gpu(answer) ? ErrorKind::absent : ErrorKind::retry,
                 fmt::format("nvmlInit: {}{}", library.text(answer), advice(answer))};
  }
  library.initialized_ = true;
  return library;
}

Library::Library(Library&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      initialized_(std::exchange(other.initialized_, false)),
      functions_(other.functions_) {}

Library::~Library() {
  if (initialized_) (void)functions_.shutdown();
  if (handle_ != nullptr) ::dlclose(handle_);
}

bool Library::resolve() {
  Functions& f = functions_;
  const bool usable = find(handle_, f.init, {"nvmlInit_v2"}) && find(handle_, f.shutdown, {"nvmlShutdown"}) &&
                      find(handle_, f.count, {"nvmlDeviceGetCount_v2"}) &&
                      find(handle_, f.handle, {"nvmlDeviceGetHandleByIndex_v2"}) &&
                      find(handle_, f.error, {"nvmlErrorString"});
  if (!usable) return false;
  find(handle_, f.name, {"nvmlDeviceGetName"});
  find(handle_, f.uuid, {"nvmlDeviceGetUUID"});
  find(handle_, f.utilization, {"nvmlDeviceGetUtilizationRates"});
  find(handle_, f.memory, {"nvmlDeviceGetMemoryInfo"});
  find(handle_, f.temperature_v, {"nvmlDeviceGetTemperatureV"});
  find(handle_, f.temperature, {"nvmlDeviceGetTemperature"});
  find(handle_, f.power, {"nvmlDeviceGetPowerUsage"});
  find(handle_, f.power_limit, {"nvmlDeviceGetEnforcedPowerLimit"});
  find(handle_, f.clock, {"nvmlDeviceGetClockInfo"});
  find(handle_, f.throttle,
       {"nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"});
  find(handle_, f.throttle_supported,
       {"nvmlDeviceGetSupportedClocksEventReasons", "nvmlDeviceGetSupportedClocksThrottleReasons"});
  find(handle_, f.ecc, {"nvmlDeviceGetTotalEccErrors"});
  return true;
}

std::string Library::text(Answer answer) const {
  const char* const words = functions_.error(static_cast<int>(answer));
  return fmt::format("{} ({})", words == nullptr ? "error" : printable(words), static_cast<int>(answer));
}

}  // namespace scops::nvml
