// Fans: how hard they are driven, and how fast they turn.
//
// One hwmon chip may tell both, or the tachometer is a chip of its own (pwm_tach, JetPack 5 and later): it
// then belongs to the fan that has none. JetPack 4 had /sys/devices/pwm-fan.

#include <fmt/format.h>

#include <vector>

#include "collectors/pull/jetson/names.hpp"
#include "collectors/pull/jetson/topic.hpp"
#include "collectors/pull/jetson/tree.hpp"

namespace scops::jetson {
namespace {

constexpr int most_fans_of_chip = 8;
constexpr std::size_t most_fans = 16;
constexpr double full = 255;

struct Fan {
  std::string name;
  std::optional<KeptFile> drive;  // 0 to 255
  std::optional<KeptFile> speed;  // revolutions a minute
};

std::optional<KeptFile> first_file(const std::string& folder, std::initializer_list<std::string> names) {
  for (const std::string& name : names) {
    if (auto file = find_file(fmt::format("{}/{}", folder, name))) return file;
  }
  return std::nullopt;
}

class FanTopic final : public Topic {
 public:
  explicit FanTopic(const JetsonSettings& settings) : sys_(settings.sys) {}

  void scan() override {
    fans_.clear();
    UniqueNames names;
    std::vector<Fan> tachometers;
    for (const Chip& chip : hwmon_chips(sys_)) scan_chip(chip, names, tachometers);
    if (fans_.empty()) {
      const std::string folder = sys_ + "/devices/pwm-fan";
      Fan old{.name = "pwm-fan",
              .drive = first_file(folder, {"cur_pwm", "target_pwm"}),
              .speed = first_file(folder, {"rpm_measured"})};
      if (old.drive || old.speed) fans_.push_back(std::move(old));
    }
    for (Fan& tachometer : tachometers) join(std::move(tachometer), names);
  }

  Status collect(Emit& emit) override {
    if (fans_.empty()) return Error{ErrorKind::absent, sys_ + ": no fan"};
    for (Fan& fan : fans_) {
      const std::array tags{Tag{"fan", fan.name}};
      const std::optional<double> drive = fan.drive ? read_number(*fan.drive) : std::nullopt;
      if (drive && *drive >= 0 && *drive <= full) {
        emit.gauge("jetson.fan.percentage", percentage(*drive, full), tags);
      }
      const std::optional<double> speed = fan.speed ? read_number(*fan.speed) : std::nullopt;
      if (speed && *speed >= 0) emit.gauge("jetson.fan.rpm", *speed, tags);
    }
    return Ok{};
  }

 private:
  void scan_chip(const Chip& chip, UniqueNames& names, std::vector<Fan>& tachometers) {
    for (int i = 1; i <= most_fans_of_chip; ++i) {
      Fan fan{.name = tag_text(chip.name),
              .drive = find_file(fmt::format("{}/pwm{}", chip.folder, i)),
              .speed = find_file(fmt::format("{}/fan{}_input", chip.folder, i))};
      if (i == 1 && !fan.speed) fan.speed = first_file(chip.folder, {"rpm", "rpm_measured"});
      if ((!fan.drive && !fan.speed) || fans_.size() + tachometers.size() == most_fans) continue;
      if (!fan.drive) {
        tachometers.push_back(std::move(fan));
        continue;
      }
      fan.name = names.add(fan.name);
      fans_.push_back(std::move(fan));
    }
  }

  void join(Fan tachometer, UniqueNames& names) {
    const auto mute = std::find_if(fans_.begin(), fans_.end(), [](const Fan& fan) { return !fan.speed; });
    if (mute != fans_.end()) {
      mute->speed = std::move(tachometer.speed);
      return;
    }
    tachometer.name = names.add(tachometer.name);
    fans_.push_back(std::move(tachometer));
  }

  std::string sys_;
  std::vector<Fan> fans_;
};

}  // namespace

std::unique_ptr<Topic> make_fan(const TopicContext& context) {
  if (!context.wants("fan")) return nullptr;
  return std::make_unique<FanTopic>(context.settings);
}

}  // namespace scops::jetson
