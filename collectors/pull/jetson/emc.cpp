// The memory controller: its clock, and how much of the bandwidth at that clock is in use.
//
// Thor shows the clock to all; elsewhere both are in debugfs, for root, and so absent without it.

#include "collectors/pull/jetson/names.hpp"
#include "collectors/pull/jetson/topic.hpp"
#include "collectors/pull/jetson/tree.hpp"

namespace scops::jetson {
namespace {

class EmcTopic final : public Topic {
 public:
  explicit EmcTopic(const JetsonSettings& settings) : sys_(settings.sys) {}

  void scan() override {
    const std::string debug = sys_ + "/kernel/debug/";
    std::vector<std::string> clocks{debug + "bpmp/debug/clk/emc/rate", debug + "clk/override.emc/clk_rate",
                                    debug + "clk/emc/clk_rate"};
    load_.reset();
    for (const Device& device : devfreq_devices(sys_)) {
      if (!is_memory(device.unit)) continue;
      clocks.push_back(device.folder + "/cur_freq");
      if (!load_) load_ = find_file(device.folder + "/load");
    }
    clock_ = find_number(clocks);
    activity_ = find_number({sys_ + "/kernel/actmon_avg_activity/mc_all", debug + "cactmon/mc_all",
                             debug + "bpmp/debug/actmon/mc_all_avg_activity"});
  }

  Status collect(Emit& emit) override {
    if (!clock_ && !load_)
      return Error{ErrorKind::absent, sys_ + ": no clock of the memory controller (often only for root)"};
    const std::optional<double> clock = clock_ ? read_number(*clock_) : std::nullopt;
    if (clock && *clock >= 0) emit.gauge("tegrastats.emc.mhz", *clock / hertz_of_mhz);
    if (const std::optional<double> load = read_load(clock)) emit.gauge("tegrastats.emc.load", *load);
    return Ok{};
  }

 private:
  // The activity is an average over a while, the clock is of this moment: where it has just been lowered the
  // quotient is more than all, and then nobody knows.
  std::optional<double> read_load(std::optional<double> clock) {
    if (load_) {
      std::array<char, 64> room{};
      const std::optional<std::string_view> text = read(*load_, room);
      return text ? parse_load_at_clock(*text) : std::nullopt;
    }
    if (!activity_ || !clock || *clock <= 0) return std::nullopt;
    const std::optional<double> activity = read_number(*activity_);
    if (!activity || *activity < 0) return std::nullopt;
    if (*activity * hertz_of_khz > *clock) return std::nullopt;
    return percentage(*activity * hertz_of_khz, *clock);
  }

  std::string sys_;
  std::optional<KeptFile> clock_;     // Hz
  std::optional<KeptFile> activity_;  // kHz at which the controller would have been busy all the time
  std::optional<KeptFile> load_;      // 45@800000000Hz
};

}  // namespace

std::unique_ptr<Topic> make_emc(const TopicContext& context) {
  if (!context.wants("emc")) return nullptr;
  return std::make_unique<EmcTopic>(context.settings);
}

}  // namespace scops::jetson
