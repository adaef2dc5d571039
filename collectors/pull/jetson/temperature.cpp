// Thermal zones, under the names that tegrastats gives them.

#include <vector>

#include "collectors/proc/name_filter.hpp"
#include "collectors/pull/jetson/names.hpp"
#include "collectors/pull/jetson/topic.hpp"
#include "collectors/pull/jetson/tree.hpp"

namespace scops::jetson {
namespace {

constexpr double degree = 1000;  // files hold thousandths

class TemperatureTopic final : public Topic {
 public:
  explicit TemperatureTopic(const JetsonSettings& settings)
      : folder_(settings.sys + "/class/thermal"), filter_{settings.zones_include, settings.zones_exclude} {}

  void scan() override {
    zones_.clear();
    UniqueNames names;
    for (const std::string& zone : names_in(folder_, "thermal_zone")) {
      const std::string path = folder_ + "/" + zone;
      const std::string name = zone_name(line_of(path + "/type"));
      if (name.empty()) continue;
      const std::string unique = names.add(name);
      std::optional<KeptFile> file = find_file(path + "/temp");
      if (file && filter_.passes(unique)) zones_.push_back({unique, std::move(*file)});
    }
  }

  Status collect(Emit& emit) override {
    if (zones_.empty()) return Error{ErrorKind::absent, folder_ + ": no thermal zones"};
    for (Zone& zone : zones_) {
      const std::optional<double> value = read_number(zone.temperature);
      if (!value) continue;
      const double celsius = *value / degree;
      const std::array tags{Tag{"zone", zone.name}};
      if (is_plausible_celsius(celsius)) emit.gauge("tegrastats.temperature", celsius, tags);
    }
    return Ok{};
  }

 private:
  struct Zone {
    std::string name;
    KeptFile temperature;
  };

  std::string folder_;
  NameFilter filter_;
  std::vector<Zone> zones_;
};

}  // namespace

std::unique_ptr<Topic> make_temperature(const TopicContext& context) {
  if (!context.wants("temp")) return nullptr;
  return std::make_unique<TemperatureTopic>(context.settings);
}

}  // namespace scops::jetson
