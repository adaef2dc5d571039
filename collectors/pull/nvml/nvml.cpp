// GPUs through NVIDIA's management library: discrete ones, and Jetson from Thor on.
//
//   load and initialize once (api) -> the GPUs that there are -> each answers what it can (gpu) -> Emit
//
// A GPU that is lost is left out, and the library initialized anew some time later: that is how one that is
// back, or was plugged in, is seen. Without library, driver or GPU the same is tried, less and less often.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collectors/pull/nvml/api.hpp"
#include "collectors/pull/nvml/gpu.hpp"
#include "collectors/pull/nvml/settings.hpp"
#include "core/config/spec.hpp"
#include "core/runtime/clock.hpp"

namespace scops::nvml {
namespace {

constexpr std::int64_t first_wait_ms = 10'000;
constexpr std::int64_t longest_wait_ms = 600'000;

// From the initialization of the library to its shutdown.
struct Session {
  explicit Session(Library opened) : library(std::move(opened)) {}
  Library library;
  std::vector<Gpu> gpus;
  bool whole = true;  // all GPUs that the library counted answer, or may not be asked
};

class NvmlCollector final : public PullCollector {
 public:
  NvmlCollector(const NvmlSettings& settings, const Clock& clock) : settings_(settings), clock_(clock) {}

  Status collect(Emit& emit) override {
    if (session_ && !session_->whole && clock_.steady() >= next_try_ms_) session_.reset();
    if (!session_) {
      if (clock_.steady() < next_try_ms_) return last_error_;
      if (Status opened = open(emit); !opened) {
        session_.reset();
        wait_longer();
        last_error_ = opened.error();
        return opened;
      }
    }
    return ask(emit);
  }

 private:
  Status open(Emit& emit) {
    Result<Library> library = Library::open(settings_.library);
    if (!library) return library.error();
    session_ = std::make_unique<Session>(std::move(*library));
    unsigned count = 0;
    const auto counted = static_cast<Answer>(session_->library.functions().count(&count));
    if (counted != Answer::success) {
      return Error{ErrorKind::retry, "count of GPUs: " + session_->library.text(counted)};
    }
    if (count == 0) return Error{ErrorKind::absent, "the driver knows no GPU"};
    const auto most = static_cast<unsigned>(settings_.gpus_max);
    if (count > most) {
      emit.trouble(
          "gpus", {ErrorKind::drop, fmt::format("{} of {} are asked, see SCOPS_NVML_GPUS_MAX", most, count)});
    }
    std::string why;
    for (unsigned i = 0; i < std::min(count, most); ++i) add_gpu(i, why, emit);
    if (session_->gpus.empty()) return Error{ErrorKind::retry, why};
    if (!session_->whole) wait_longer();
    return Ok{};
  }

  void add_gpu(unsigned index, std::string& why, Emit& emit) {
    Device device = nullptr;
    const auto found = static_cast<Answer>(session_->library.functions().handle(index, &device));
    if (found == Answer::success) {
      session_->gpus.emplace_back(settings_, session_->library, index, device);
      return;
    }
    why = fmt::format("gpu {}: {}", index, session_->library.text(found));
    // A container is given some GPUs of the machine, and sees them all.
    const bool of_others = found == Answer::no_permission;
    if (!of_others) session_->whole = false;
    emit.trouble(fmt::format("gpu {}", index),
                 {of_others ? ErrorKind::absent : ErrorKind::retry, session_->library.text(found)});
  }

  Status ask(Emit& emit) {
    std::vector<Gpu>& gpus = session_->gpus;
    const std::size_t before = gpus.size();
    bool silent = true;
    std::string name;
    for (auto gpu = gpus.begin(); gpu != gpus.end();) {
      const bool there = gpu->collect(emit);
      silent = silent && gpu->silent();
      name = gpu->name();
      gpu = there ? std::next(gpu) : gpus.erase(gpu);
    }
    if (gpus.size() < before) {
      if (std::exchange(session_->whole, false)) wait_longer();
      if (!gpus.empty()) return Ok{};
      session_.reset();
      last_error_ = {ErrorKind::retry, "no GPU answers any more; waiting for the next attempt"};
      return last_error_;
    }
    // Not before all have answered: one that needs a reset is found at each initialization, and then lost.
    if (session_->whole) wait_ms_ = first_wait_ms;
    if (!silent) return Ok{};
    return Error{
        ErrorKind::absent,
        fmt::format("GPU '{}' reports nothing of SCOPS_NVML_METRICS; on a Jetson before Thor use the "
                    "collector jetson or tegrastats",
                    name)};
  }

  void wait_longer() {
    next_try_ms_ = clock_.steady() + wait_ms_;
    wait_ms_ = std::min(2 * wait_ms_, longest_wait_ms);
  }

  const NvmlSettings& settings_;
  const Clock& clock_;
  std::unique_ptr<Session> session_;
  Error last_error_;
  std::int64_t next_try_ms_ = 0;  // of the steady clock
  std::int64_t wait_ms_ = first_wait_ms;
};

Result<std::unique_ptr<PullCollector>> make(const void* settings, const CollectorContext& context) {
  std::unique_ptr<PullCollector> collector =
      std::make_unique<NvmlCollector>(*static_cast<const NvmlSettings*>(settings), *context.clock);
  return collector;
}

}  // namespace
}  // namespace scops::nvml

namespace scops {

extern const CollectorSpec nvml_collector;
constinit const CollectorSpec nvml_collector{
    .name = "nvml",
    .help = "NVIDIA GPUs, and Jetson from Thor on: load, memory, temperature, power and more.",
    .section = nvml::nvml_section,
    .make = nvml::make,
};

}  // namespace scops
