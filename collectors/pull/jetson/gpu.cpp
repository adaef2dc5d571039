// Load and clock of the GPU.
//
// The load of Tegra's GPUs is a file of their own device, which has moved with each generation; so all places
// are tried. Rockchip's kernels give it with devfreq; mainline's and Thor's (a PCI device) nowhere.

#include <vector>

#include "collectors/pull/jetson/names.hpp"
#include "collectors/pull/jetson/topic.hpp"
#include "collectors/pull/jetson/tree.hpp"

namespace scops::jetson {
namespace {

class GpuTopic final : public Topic {
 public:
  explicit GpuTopic(const JetsonSettings& settings) : sys_(settings.sys) {}

  void scan() override {
    per_mille_.reset();
    at_clock_.reset();
    clocks_.clear();
    std::vector<std::string> loads;
    for (const Device& device : devfreq_devices(sys_)) {
      if (!is_gpu(device.unit)) continue;
      loads.push_back(device.folder + "/device/load");
      if (!at_clock_) at_clock_ = find_file(device.folder + "/load");
      if (auto clock = find_file(device.folder + "/cur_freq"))
        clocks_.push_back({std::move(*clock), find_file(device.folder + "/device/power/runtime_status")});
    }
    add_old_places(loads);
    per_mille_ = find_number(loads);
    for (const std::string& load : loads) {  // without power none may answer now
      if (!per_mille_) per_mille_ = find_file(load);
    }
    if (!clocks_.empty()) return;
    const std::string debug = sys_ + "/kernel/debug/";  // root only
    if (auto clock = find_number(
            {debug + "bpmp/debug/clk/gpcclk/rate", debug + "clk/gpcclk/clk_rate", debug + "clock/gbus/rate"}))
      clocks_.push_back({std::move(*clock), std::nullopt});
  }

  Status collect(Emit& emit) override {
    if (!per_mille_ && !at_clock_ && clocks_.empty()) {
      return Error{ErrorKind::absent, sys_ + ": no GPU whose load or clock is told"};
    }
    if (const std::optional<double> load = read_load()) emit.gauge("tegrastats.gpu.load", *load);
    std::optional<double> fastest;
    for (Clock& clock : clocks_) fastest = std::max(fastest, read_clock(clock));
    if (fastest && *fastest >= 0) emit.gauge("tegrastats.gpu.mhz", *fastest / hertz_of_mhz);
    return Ok{};
  }

 private:
  struct Clock {
    KeptFile hertz;
    std::optional<KeptFile> state;  // active, suspended
  };

  // A GPU without power has none, whatever the file remembers.
  std::optional<double> read_clock(Clock& clock) {
    std::array<char, 32> room{};
    if (clock.state && read(*clock.state, room) == "suspended") return std::nullopt;
    return read_number(clock.hertz);
  }

  void add_old_places(std::vector<std::string>& loads) const {
    const std::string devices = sys_ + "/devices/";
    for (const std::string folder : {"", "platform/", "platform/bus@0/", "platform/host1x/"}) {
      loads.push_back(devices + folder + "gpu.0/load");
      for (const std::string& name : names_in(devices + folder)) {
        if (name.find('.') != std::string::npos && is_gpu(unit_of(name)))
          loads.push_back(std::string(devices).append(folder).append(name).append("/load"));
      }
    }
  }

  std::optional<double> read_load() {
    std::array<char, 64> room{};
    if (per_mille_) {
      const std::optional<std::string_view> text = read(*per_mille_, room);
      return text ? parse_per_mille(*text) : std::nullopt;
    }
    if (!at_clock_) return std::nullopt;
    const std::optional<std::string_view> text = read(*at_clock_, room);
    return text ? parse_load_at_clock(*text) : std::nullopt;
  }

  std::string sys_;
  std::optional<KeptFile> per_mille_;  // 842
  std::optional<KeptFile> at_clock_;   // 45@800000000Hz
  std::vector<Clock> clocks_;          // one for each cluster
};

}  // namespace

std::unique_ptr<Topic> make_gpu(const TopicContext& context) {
  if (!context.wants("gpu")) return nullptr;
  return std::make_unique<GpuTopic>(context.settings);
}

}  // namespace scops::jetson
