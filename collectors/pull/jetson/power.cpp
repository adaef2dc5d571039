// What the rails take, in milliwatts.

#include "collectors/pull/jetson/rails.hpp"
#include "collectors/pull/jetson/topic.hpp"

namespace scops::jetson {
namespace {

constexpr double milliwatt = 1000;  // mV x mA in a mW

class PowerTopic final : public Topic {
 public:
  explicit PowerTopic(const JetsonSettings& settings)
      : settings_(settings), filter_{settings.rails_include, settings.rails_exclude} {}

  void scan() override {
    rails_ = scan_rails(settings_.sys, filter_, may_be_thor(settings_.sys, settings_.proc));
  }

  Status collect(Emit& emit) override {
    if (rails_.empty())
      return Error{ErrorKind::absent, settings_.sys + ": no chip that measures power (INA3221, INA238)"};
    for (Rail& rail : rails_) {
      const std::array tags{Tag{"rail", rail.name}};
      if (const std::optional<double> power = read_power(rail))
        emit.gauge("tegrastats.power.current", *power, tags);
    }
    return Ok{};
  }

 private:
  std::optional<double> read_power(Rail& rail) {
    if (rail.power) {
      if (const std::optional<double> power = read_number(*rail.power)) return *power * rail.power_unit;
    }
    if (!rail.volts || !rail.amperes) return std::nullopt;
    const std::optional<double> volts = read_number(*rail.volts);
    const std::optional<double> amperes = volts ? read_number(*rail.amperes) : std::nullopt;
    if (!amperes) return std::nullopt;
    return *volts * *amperes / milliwatt;
  }

  const JetsonSettings& settings_;
  NameFilter filter_;
  std::vector<Rail> rails_;
};

}  // namespace

std::unique_ptr<Topic> make_power(const TopicContext& context) {
  if (!context.wants("power")) return nullptr;
  return std::make_unique<PowerTopic>(context.settings);
}

}  // namespace scops::jetson
