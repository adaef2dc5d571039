// What any board has, under the kernel's own names: cooling devices, devfreq devices, hwmon sensors.

#include <fmt/format.h>

#include <vector>

#include "collectors/pull/jetson/names.hpp"
#include "collectors/pull/jetson/topic.hpp"
#include "collectors/pull/jetson/tree.hpp"
#include "core/model/text.hpp"

namespace scops::jetson {
namespace {

constexpr std::size_t most_sensors = 64;
constexpr std::uint64_t ina3221_channels = 3;  // what it numbers higher are shunts and sums

class CoolingTopic final : public Topic {
 public:
  explicit CoolingTopic(const JetsonSettings& settings) : folder_(settings.sys + "/class/thermal") {}

  void scan() override {
    devices_.clear();
    UniqueNames names;
    for (const std::string& device : names_in(folder_, "cooling_device")) {
      const std::string path = folder_ + "/" + device;
      const std::string type = tag_text(line_of(path + "/type"));
      auto state = find_file(path + "/cur_state");
      if (type.empty() || !state) continue;
      devices_.push_back({names.add(type), std::move(*state), find_file(path + "/max_state")});
    }
  }

  Status collect(Emit& emit) override {
    if (devices_.empty()) return Error{ErrorKind::absent, folder_ + ": no cooling devices"};
    for (Cooling& device : devices_) {
      const std::array tags{Tag{"device", device.name}};
      if (const auto state = read_number(device.state)) emit.gauge("jetson.cooling.state", *state, tags);
      const std::optional<double> most = device.most ? read_number(*device.most) : std::nullopt;
      if (most) emit.gauge("jetson.cooling.max", *most, tags);
    }
    return Ok{};
  }

 private:
  struct Cooling {
    std::string name;
    KeptFile state;
    std::optional<KeptFile> most;
  };

  std::string folder_;
  std::vector<Cooling> devices_;
};

class DevfreqTopic final : public Topic {
 public:
  explicit DevfreqTopic(const JetsonSettings& settings) : sys_(settings.sys) {}

  void scan() override {
    devices_.clear();
    for (const Device& device : devfreq_devices(sys_)) {
      if (auto clock = find_file(device.folder + "/cur_freq"))
        devices_.push_back({tag_text(device.name), std::move(*clock), find_file(device.folder + "/load")});
    }
  }

  Status collect(Emit& emit) override {
    if (devices_.empty()) return Error{ErrorKind::absent, sys_ + ": no devices in class/devfreq"};
    for (Scaled& device : devices_) {
      const std::array tags{Tag{"device", device.name}};
      const std::optional<double> clock = read_number(device.clock);
      if (clock && *clock >= 0) emit.gauge("jetson.devfreq.mhz", *clock / hertz_of_mhz, tags);
      if (!device.load) continue;
      std::array<char, 64> room{};
      const std::optional<std::string_view> text = read(*device.load, room);
      const std::optional<double> load = text ? parse_load_at_clock(*text) : std::nullopt;
      if (load) emit.gauge("jetson.devfreq.load", *load, tags);
    }
    return Ok{};
  }

 private:
  struct Scaled {
    std::string name;
    KeptFile clock;
    std::optional<KeptFile> load;
  };

  std::string sys_;
  std::vector<Scaled> devices_;
};

// Documentation/hwmon/sysfs-interface.rst
struct SensorKind {
  std::string_view file;  // temp1_input
  std::string_view metric;
  double unit;  // how many of the file's are one of the metric's
  bool is_temperature = false;
};
constexpr std::array sensor_kinds{
    SensorKind{"temp", "jetson.hwmon.temperature", 1e3, true},
    SensorKind{"in", "jetson.hwmon.voltage", 1e3},
    SensorKind{"curr", "jetson.hwmon.current", 1e3},
    SensorKind{"power", "jetson.hwmon.power", 1e6},
    SensorKind{"fan", "jetson.hwmon.fan", 1},
};

class HwmonTopic final : public Topic {
 public:
  explicit HwmonTopic(const JetsonSettings& settings) : sys_(settings.sys) {}

  void scan() override {
    sensors_.clear();
    UniqueNames names;
    for (const Chip& chip : hwmon_chips(sys_)) {
      const std::string name = names.add(tag_text(chip.name));
      for (const std::string& file : names_in(chip.folder)) add(chip, name, file);
    }
  }

  Status collect(Emit& emit) override {
    if (sensors_.empty()) return Error{ErrorKind::absent, sys_ + ": no sensors in class/hwmon"};
    for (Sensor& sensor : sensors_) {
      const std::optional<double> value = read_number(sensor.input);
      if (!value || (sensor.fault && read_number(*sensor.fault).value_or(0) > 0)) continue;
      const std::array tags{Tag{"chip", sensor.chip}, Tag{"sensor", sensor.name}};
      const double scaled = *value / sensor.kind->unit;
      if (sensor.kind->is_temperature && !is_plausible_celsius(scaled)) continue;
      emit.gauge(sensor.kind->metric, scaled, tags);
    }
    return Ok{};
  }

 private:
  struct Sensor {
    std::string chip;
    std::string name;
    const SensorKind* kind;
    KeptFile input;
    std::optional<KeptFile> fault;  // 1 when it is broken
  };

  // "in1_input": a kind, a number, the ending; nothing else has all three.
  void add(const Chip& chip, const std::string& name, const std::string& file) {
    if (!file.ends_with("_input") || sensors_.size() == most_sensors) return;
    const std::string channel = file.substr(0, file.find('_'));
    for (const SensorKind& kind : sensor_kinds) {
      if (!channel.starts_with(kind.file)) continue;
      const std::optional<std::uint64_t> number = to_uint(std::string_view(channel).substr(kind.file.size()));
      if (!number || (chip.name == "ina3221" && *number > ina3221_channels)) continue;
      std::string label = label_of(chip, channel, *number);
      auto input = find_file(chip.folder + "/" + file);
      if (!input || label == "NC") return;
      if (label.empty() || is_taken(name, label, kind)) label = channel;
      sensors_.push_back({name, label, &kind, std::move(*input),
                          find_file(fmt::format("{}/{}_fault", chip.folder, channel))});
    }
  }

  [[nodiscard]] bool is_taken(const std::string& chip, const std::string& label,
                              const SensorKind& kind) const {
    return std::any_of(sensors_.begin(), sensors_.end(), [&](const Sensor& sensor) {
      return sensor.kind == &kind && sensor.chip == chip && sensor.name == label;
    });
  }

  // Chips that measure power label the voltage only.
  static std::string label_of(const Chip& chip, const std::string& channel, std::uint64_t number) {
    std::string label = tag_text(line_of(fmt::format("{}/{}_label", chip.folder, channel)));
    if (label.empty() && is_rail_chip(chip.name))
      label = tag_text(line_of(fmt::format("{}/in{}_label", chip.folder, number)));
    return label;
  }

  std::string sys_;
  std::vector<Sensor> sensors_;
};

}  // namespace

std::unique_ptr<Topic> make_cooling(const TopicContext& context) {
  if (!context.wants("cooling")) return nullptr;
  return std::make_unique<CoolingTopic>(context.settings);
}

std::unique_ptr<Topic> make_devfreq(const TopicContext& context) {
  if (!context.wants("devfreq")) return nullptr;
  return std::make_unique<DevfreqTopic>(context.settings);
}

std::unique_ptr<Topic> make_hwmon(const TopicContext& context) {
  if (!context.wants("hwmon")) return nullptr;
  return std::make_unique<HwmonTopic>(context.settings);
}

}  // namespace scops::jetson
