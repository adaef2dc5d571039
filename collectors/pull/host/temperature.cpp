#include "collectors/pull/host/temperature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "collectors/proc/sysfs.hpp"
#include "collectors/pull/host/topic.hpp"
#include "core/model/text.hpp"

namespace scops::host {
namespace {

constexpr std::int64_t lowest = -40'000;  // not included: a common reading of a sensor that is off
constexpr std::int64_t highest = 200'000;
constexpr int captures_between_scans = 8;  // drivers load late, and devices come and go

// As a tag value: without blanks.
std::string tag_text(std::string text) {
  std::replace(text.begin(), text.end(), ' ', '_');
  return text;
}

// hwmon names have no dashes, so the kernel's mirror of zone cpu-thermal is called cpu_thermal.
std::string without_dashes(std::string text) {
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

class Scan {
 public:
  Scan(const std::string& sys, const NameFilter& filter)
      : thermal_(sys + "/class/thermal/"), hwmon_(sys + "/class/hwmon/"), filter_(filter) {}

  std::vector<Sensor> run() {
    for (const std::string& folder : names_in(thermal_)) {
      if (folder.starts_with("thermal_zone")) add_zone(thermal_ + folder);
    }
    for (const std::string& folder : names_in(hwmon_)) add_chip(hwmon_ + folder);
    return std::move(sensors_);
  }

 private:
  static std::vector<std::string> names_in(const std::string& folder) {
    return list_folder(folder).value_or(std::vector<std::string>());
  }

  void add_zone(const std::string& folder) {
    const std::string type = read_line(folder + "/type").value_or("");
    if (type.empty()) return;
    zones_.insert(without_dashes(type));
    add({.name = tag_text(type), .input = folder + "/temp", .fault = {}});
  }

  void add_chip(const std::string& folder) {
    const std::string chip = read_line(folder + "/name").value_or("");
    if (chip.empty() || zones_.contains(without_dashes(chip))) return;
    for (const std::string& file : names_in(folder)) {
      if (!file.starts_with("temp") || !file.ends_with("_input")) continue;
      const std::string channel = file.substr(0, file.find('_'));
      const std::string label = read_line(fmt::format("{}/{}_label", folder, channel)).value_or("");
      add({.name = tag_text(fmt::format("{}_{}", chip, label.empty() ? channel : label)),
           .input = fmt::format("{}/{}", folder, file),
           .fault = fmt::format("{}/{}_fault", folder, channel)});
    }
  }

  void add(Sensor sensor) {
    const std::string first_name = sensor.name;
    for (int i = 2; !names_.insert(sensor.name).second; ++i)
      sensor.name = first_name + "_" + std::to_string(i);
    if (filter_.passes(sensor.name)) sensors_.push_back(std::move(sensor));
  }

  std::string thermal_, hwmon_;
  const NameFilter& filter_;
  std::set<std::string> zones_, names_;
  std::vector<Sensor> sensors_;
};

class TemperatureTopic final : public Topic {
 public:
  explicit TemperatureTopic(const HostSettings& settings)
      : sys_(settings.sys), filter_{settings.sensors_include, settings.sensors_exclude} {}

  Status collect(Emit& emit) override {
    if (--captures_left_ < 0) {
      sensors_ = scan_sensors(sys_, filter_);
      captures_left_ = captures_between_scans;
    }
    if (sensors_.empty())
      return Error{ErrorKind::absent, sys_ + ": no thermal zones and no hwmon temperatures"};
    for (const Sensor& sensor : sensors_) read(sensor, emit);
    return Ok{};
  }

 private:
  // A failed read is no fault: parts without power answer with an error, which is their way to say so.
  void read(const Sensor& sensor, Emit& emit) {
    const Result<std::int64_t> value = read_integer(sensor.input);
    if (!value) {
      if (value.error().kind == ErrorKind::absent) captures_left_ = 0;
      return;
    }
    const std::optional<double> celsius = plausible_celsius(*value);
    if (!celsius || (!sensor.fault.empty() && read_integer(sensor.fault).value_or(0) != 0)) return;
    const std::array tags{Tag{"sensor", sensor.name}};
    emit.gauge("host.temperature", *celsius, tags);
  }

  std::string sys_;
  NameFilter filter_;
  std::vector<Sensor> sensors_;
  int captures_left_ = 0;
};

}  // namespace

std::vector<Sensor> scan_sensors(const std::string& sys, const NameFilter& filter) {
  return Scan(sys, filter).run();
}

std::optional<double> plausible_celsius(std::int64_t thousandths) {
  if (thousandths <= lowest || thousandths >= highest) return std::nullopt;
  return static_cast<double>(thousandths) / 1000;
}

std::unique_ptr<Topic> make_temperature(const TopicContext& context) {
  if (!context.wants("temperature")) return nullptr;
  return std::make_unique<TemperatureTopic>(context.settings);
}

}  // namespace scops::host
