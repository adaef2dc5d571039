// A libnvidia-ml.so for tests: answers out of the file $SCOPS_CASE_ROOT/nvml.txt, read at each call, so that
// a machine can change while it is watched. Lines:
//
//   init 9                 what nvmlInit answers, 0 when not given
//   gpus 3                 how many there are; else as many as there are lines `gpu`
//   gpu                    begins the next GPU; its lines follow
//   name NVIDIA RTX 2000   what the call gives; a call that is not named is not supported
//   power 52340
//   clock.2 405            of clock type 2; ecc.0.1: corrected, aggregate
//   memory !15             or what it answers instead (15: GPU is lost)
//
// Built a second time with FAKE_NVML_OLD it lacks the functions that older drivers lack.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#define FAKE_NVML_CALL extern "C" __attribute__((visibility("default")))

namespace {

constexpr int success = 0, uninitialized = 1, invalid_argument = 2, not_supported = 3, too_small = 7;
int users = 0;

// The rest of the line `key` of GPU `index`, -1: of what comes before them all.
std::optional<std::string> find(long index, const std::string& key) {
  const char* const root = std::getenv("SCOPS_CASE_ROOT");
  std::ifstream file(std::string(root == nullptr ? "" : root) + "/nvml.txt");
  long at = -1;
  for (std::string line; std::getline(file, line);) {
    if (line == "gpu") ++at;
    if (at == index && line.rfind(key + " ", 0) == 0) return line.substr(key.size() + 1);
  }
  return std::nullopt;
}

unsigned count_gpus() {
  if (const auto said = find(-1, "gpus")) return static_cast<unsigned>(std::stoul(*said));
  const char* const root = std::getenv("SCOPS_CASE_ROOT");
  std::ifstream file(std::string(root == nullptr ? "" : root) + "/nvml.txt");
  unsigned count = 0;
  for (std::string line; std::getline(file, line);) count += line == "gpu" ? 1U : 0U;
  return count;
}

// Handles are pointers into this.
char handles[64];

long index_of(const void* device) {
  return static_cast<const char*>(device) - static_cast<const char*>(handles);
}

// What is given for a call in `text`, and what it answers.
int ask(const void* device, const std::string& key, std::string& text) {
  if (users == 0) return uninitialized;
  const auto said = find(index_of(device), key);
  if (!said) return not_supported;
  if (said->front() == '!') return std::stoi(said->substr(1));
  text = *said;
  return success;
}

template <class... Number>
int ask_numbers(const void* device, const std::string& key, Number*... numbers) {
  std::string text;
  const int answer = ask(device, key, text);
  if (answer != success) return answer;
  std::istringstream words(text);
  const auto take = [&words](auto* into) {
    unsigned long long number = 0;  // -7 wraps around, and back
    words >> number;
    *into = static_cast<std::remove_pointer_t<decltype(into)>>(number);
  };
  (take(numbers), ...);
  return success;
}

int ask_text(const void* device, const std::string& key, char* into, unsigned size) {
  std::string text;
  const int answer = ask(device, key, text);
  if (answer != success) return answer;
  if (text.size() >= size) return too_small;
  std::memcpy(into, text.c_str(), text.size() + 1);
  return success;
}

}  // namespace

FAKE_NVML_CALL int nvmlInit_v2() {
  const int answer = std::stoi(find(-1, "init").value_or("0"));
  if (answer == success) ++users;
  return answer;
}
FAKE_NVML_CALL int nvmlShutdown() {
  if (users == 0) return uninitialized;
  --users;
  return success;
}
// Of the tests: how many init() without shutdown().
FAKE_NVML_CALL int fakeNvmlUsers() { return users; }

FAKE_NVML_CALL const char* nvmlErrorString(int answer) {
  if (answer == 15) return "GPU is lost";
  if (answer == 9) return "Driver Not Loaded";
  return answer == 18 ? nullptr : "Some error";
}
FAKE_NVML_CALL int nvmlDeviceGetCount_v2(unsigned* count) {
  if (users == 0) return uninitialized;
  if (const auto said = find(-1, "count")) return std::stoi(*said);
  *count = count_gpus();
  return success;
}
FAKE_NVML_CALL int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  if (users == 0) return uninitialized;
  if (index >= sizeof handles) return invalid_argument;
  if (const auto said = find(index, "handle")) return std::stoi(*said);
  *device = &handles[index];
  return success;
}
FAKE_NVML_CALL int nvmlDeviceGetName(void* device, char* name, unsigned size) {
  return ask_text(device, "name", name, size);
}
FAKE_NVML_CALL int nvmlDeviceGetUUID(void* device, char* uuid, unsigned size) {
  return ask_text(device, "uuid", uuid, size);
}
FAKE_NVML_CALL int nvmlDeviceGetUtilizationRates(void* device, unsigned* gpu_and_memory) {
  return ask_numbers(device, "load", gpu_and_memory, gpu_and_memory + 1);
}
FAKE_NVML_CALL int nvmlDeviceGetMemoryInfo(void* device, unsigned long long* total_free_used) {
  return ask_numbers(device, "memory", total_free_used, total_free_used + 1, total_free_used + 2);
}
FAKE_NVML_CALL int nvmlDeviceGetTemperature(void* device, int sensor, unsigned* celsius) {
  return sensor == 0 ? ask_numbers(device, "temperature", celsius) : invalid_argument;
}
FAKE_NVML_CALL int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
  return ask_numbers(device, "power", milliwatts);
}
FAKE_NVML_CALL int nvmlDeviceGetEnforcedPowerLimit(void* device, unsigned* milliwatts) {
  return ask_numbers(device, "power_limit", milliwatts);
}
FAKE_NVML_CALL int nvmlDeviceGetClockInfo(void* device, int type, unsigned* megahertz) {
  return ask_numbers(device, "clock." + std::to_string(type), megahertz);
}
FAKE_NVML_CALL int nvmlDeviceGetCurrentClocksThrottleReasons(void* device, unsigned long long* reasons) {
  return ask_numbers(device, "throttle", reasons);
}

#ifndef FAKE_NVML_OLD
FAKE_NVML_CALL int nvmlDeviceGetTemperatureV(void* device, void* temperature) {
  struct {
    unsigned version;
    int sensor, celsius;
  } in_and_out{};
  std::memcpy(&in_and_out, temperature, sizeof in_and_out);
  if (in_and_out.version != (sizeof in_and_out | 1U << 24U)) return 25;
  if (in_and_out.sensor != 0) return invalid_argument;
  const int answer = ask_numbers(device, "temperature_v", &in_and_out.celsius);
  std::memcpy(temperature, &in_and_out, sizeof in_and_out);
  return answer;
}
FAKE_NVML_CALL int nvmlDeviceGetCurrentClocksEventReasons(void* device, unsigned long long* reasons) {
  return ask_numbers(device, "throttle", reasons);
}
FAKE_NVML_CALL int nvmlDeviceGetSupportedClocksEventReasons(void* device, unsigned long long* reasons) {
  return ask_numbers(device, "throttle_supported", reasons);
}
FAKE_NVML_CALL int nvmlDeviceGetTotalEccErrors(void* device, int type, int counter,
                                               unsigned long long* count) {
  return ask_numbers(device, "ecc." + std::to_string(type) + "." + std::to_string(counter), count);
}
#endif
