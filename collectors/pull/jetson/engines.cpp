// Encoders, decoders and accelerators: clock, power, and the share of the time in which they had power.
//
// Without root these are devfreq devices with runtime power management (Documentation/ABI/testing/
// sysfs-devices-power): an engine is suspended while nobody uses it, and its clock then is what it last was.
// With root, and where devfreq shows none, it is the common clock framework's debugfs.

#include <fmt/format.h>

#include <map>

#include "collectors/pull/jetson/names.hpp"
#include "collectors/pull/jetson/topic.hpp"
#include "collectors/pull/jetson/tree.hpp"

namespace scops::jetson {
namespace {

constexpr double all = 100;  // %
constexpr std::size_t most_engines = 16;
constexpr std::array<std::string_view, 10> clock_prefixes{"ape",   "dla",   "pva", "vic",   "nvjpg",
                                                          "nvenc", "nvdec", "se",  "msenc", "ofa"};

struct Engine {
  std::string name;
  std::optional<KeptFile> clock;    // Hz
  std::optional<KeptFile> state;    // active, suspended
  std::optional<KeptFile> active;   // ms since boot; absent where it may never be suspended
  std::optional<KeptFile> load;     // 45@800000000Hz
  std::optional<KeptFile> enabled;  // how many users the clock has
  std::optional<double> last_active;
  std::int64_t last_time = 0;
};

class EnginesTopic final : public Topic {
 public:
  explicit EnginesTopic(const TopicContext& context) : sys_(context.settings.sys), clock_(context.clock) {}

  void scan() override {
    std::map<std::string, Engine> before;
    for (Engine& engine : engines_) before.emplace(engine.name, std::move(engine));
    engines_.clear();
    scan_devfreq();
    if (engines_.empty()) scan_debugfs();
    for (Engine& engine : engines_) {  // a scan must not cost the share of this capture
      const auto known = before.find(engine.name);
      if (known == before.end()) continue;
      engine.last_active = known->second.last_active;
      engine.last_time = known->second.last_time;
    }
  }

  Status collect(Emit& emit) override {
    if (engines_.empty()) return Error{ErrorKind::absent, sys_ + ": no engines in class/devfreq"};
    for (Engine& engine : engines_) emit_engine(engine, emit);
    return Ok{};
  }

 private:
  void scan_devfreq() {
    std::map<std::string, std::size_t> counts;
    for (const Device& device : devfreq_devices(sys_)) {
      if (!is_engine(device.unit) || engines_.size() == most_engines) continue;
      Engine engine;
      engine.name = engine_name(device.unit, counts[device.unit]++);
      engine.clock = find_file(device.folder + "/cur_freq");
      engine.load = find_file(device.folder + "/load");
      const std::string power = device.folder + "/device/power/";
      engine.state = find_file(power + "runtime_status");
      if (line_of(power + "control") != "on") engine.active = find_file(power + "runtime_active_time");
      engines_.push_back(std::move(engine));
    }
  }

  void scan_debugfs() {
    const std::string folder = sys_ + "/kernel/debug/clk";
    for (const std::string_view prefix : clock_prefixes) {
      for (const std::string& name : names_in(folder, prefix)) {
        if (name.find('.') != std::string::npos || engines_.size() == most_engines) continue;
        Engine engine;
        engine.name = name;
        engine.clock = find_file(fmt::format("{}/{}/clk_rate", folder, name));
        engine.enabled = find_file(fmt::format("{}/{}/clk_enable_count", folder, name));
        if (engine.clock && engine.enabled) engines_.push_back(std::move(engine));
      }
    }
  }

  void emit_engine(Engine& engine, Emit& emit) {
    const std::array tags{Tag{"engine", engine.name}};
    const std::optional<double> clock = engine.clock ? read_number(*engine.clock) : std::nullopt;
    const std::optional<bool> on = engine.enabled ? read_use(*engine.enabled, clock) : read_state(engine);
    if (on) emit.gauge("tegrastats.engine.on", *on ? 1 : 0, tags);
    if (on.value_or(true) && clock && *clock >= 0) {
      emit.gauge("tegrastats.engine.mhz", *clock / hertz_of_mhz, tags);
    }
    if (engine.load) {
      std::array<char, 64> room{};
      const std::optional<std::string_view> text = read(*engine.load, room);
      const std::optional<double> load = text ? parse_load_at_clock(*text) : std::nullopt;
      if (load) emit.gauge("tegrastats.engine.load", *load, tags);
    }
    if (on && engine.active) emit_active(engine, emit);
  }

  // A clock with users is on. One without may all the same run: those of the PVA never tell of users.
  std::optional<bool> read_use(KeptFile& file, std::optional<double> clock) {
    const std::optional<double> users = read_number(file);
    if (users && *users > 0) return true;
    if (users && clock && *clock == 0) return false;
    return std::nullopt;
  }

  std::optional<bool> read_state(Engine& engine) {
    if (!engine.state) return std::nullopt;
    std::array<char, 32> room{};
    const std::optional<std::string_view> state = read(*engine.state, room);
    if (state == "active") return true;
    if (state == "suspended") return false;
    return std::nullopt;  // unsupported, error, or on its way
  }

  void emit_active(Engine& engine, Emit& emit) {
    const std::int64_t now = clock_.steady();
    const std::optional<double> active = read_number(*engine.active);
    if (active && engine.last_active && *active >= *engine.last_active && now > engine.last_time) {
      const double share =
          percentage(*active - *engine.last_active, static_cast<double>(now - engine.last_time));
      const std::array tags{Tag{"engine", engine.name}};
      emit.gauge("jetson.engine.active", std::min(share, all), tags);
    }
    engine.last_active = active;
    engine.last_time = now;
  }

  std::string sys_;
  const Clock& clock_;
  std::vector<Engine> engines_;
};

}  // namespace

std::unique_ptr<Topic> make_engines(const TopicContext& context) {
  if (!context.wants("engines")) return nullptr;
  return std::make_unique<EnginesTopic>(context);
}

}  // namespace scops::jetson
