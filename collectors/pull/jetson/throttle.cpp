// Is the board held back, and how often was it: by heat, by current, by a weak supply.
//
//   cooling devices *-alert     Jetson: software throttling of a unit, now
//   hwmon soctherm_oc           Orin, Thor: events since boot by which the hardware throttled
//   interrupts soctherm_edp     the same on earlier ones
//   alarms of power rails       the current is above a limit, now
//   get_throttled, rpi_volt     Raspberry Pi: now, and since boot

#include <fmt/format.h>

#include <vector>

#include "collectors/proc/lines.hpp"
#include "collectors/pull/jetson/names.hpp"
#include "collectors/pull/jetson/rails.hpp"
#include "collectors/pull/jetson/throttle.hpp"
#include "collectors/pull/jetson/topic.hpp"
#include "collectors/pull/jetson/tree.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace scops::jetson {
namespace {

constexpr int most_events = 8;
constexpr std::string_view current_interrupt = "soctherm_edp";

constexpr std::array<std::string_view, 4> pi_causes{"under_voltage", "frequency_capped", "throttled",
                                                    "soft_temperature_limit"};
constexpr unsigned pi_since_boot = 16;  // the same bits again, this much higher

void emit_state(std::string_view metric, std::string_view cause, bool state, Emit& emit) {
  const std::array tags{Tag{"cause", cause}};
  emit.gauge(metric, state ? 1 : 0, tags);
}

// A file and what its tag says.
struct Sign {
  std::string name;
  KeptFile file;
};

class ThrottleTopic final : public Topic {
 public:
  explicit ThrottleTopic(const JetsonSettings& settings)
      : settings_(settings),
        filter_{settings.rails_include, settings.rails_exclude},
        interrupts_(settings.proc + "/interrupts") {}

  void scan() override {
    alerts_.clear();
    events_.clear();
    undervoltage_.reset();
    scan_alerts();
    for (const Chip& chip : hwmon_chips(settings_.sys)) scan_chip(chip);
    has_interrupt_ = events_.empty() && count_interrupts().has_value();
    rails_ = scan_rails(settings_.sys, filter_, may_be_thor(settings_.sys, settings_.proc));
    std::erase_if(rails_, [](const Rail& rail) { return !rail.warning && !rail.critical; });
    pi_ = find_pi_firmware();
  }

  Status collect(Emit& emit) override {
    if (alerts_.empty() && events_.empty() && rails_.empty() && !has_interrupt_ && !pi_ && !undervoltage_)
      return Error{ErrorKind::absent, settings_.sys + ": nothing that tells of throttling"};
    for (Sign& alert : alerts_) {
      if (const auto state = read_number(alert.file))
        emit_state("jetson.throttle.active", alert.name, *state > 0, emit);
    }
    for (Sign& event : events_) {
      if (const auto count = read_number(event.file)) emit_events(event.name, *count, emit);
    }
    if (has_interrupt_) {
      if (const auto count = count_interrupts()) emit_events(current_interrupt, *count, emit);
    }
    for (Rail& rail : rails_) emit_alarms(rail, emit);
    collect_pi(emit);
    return Ok{};
  }

 private:
  // "cpu-throttle-alert" -> cpu; "hot-surface-alert" -> hot-surface.
  void scan_alerts() {
    const std::string folder = settings_.sys + "/class/thermal";
    UniqueNames names;
    for (const std::string& device : names_in(folder, "cooling_device")) {
      std::string type = tag_text(line_of(fmt::format("{}/{}/type", folder, device)));
      if (!type.ends_with("-alert")) continue;
      type.resize(type.size() - std::string_view("-alert").size());
      if (type.ends_with("-throttle")) type.resize(type.size() - std::string_view("-throttle").size());
      if (auto file = find_file(fmt::format("{}/{}/cur_state", folder, device)))
        alerts_.push_back({names.add(type), std::move(*file)});
    }
  }

  void scan_chip(const Chip& chip) {
    if (chip.name == "rpi_volt") undervoltage_ = find_file(chip.folder + "/in0_lcrit_alarm");
    if (chip.name != "soctherm_oc") return;
    for (int i = 1; i <= most_events; ++i) {
      if (auto file = find_file(fmt::format("{}/oc{}_event_cnt", chip.folder, i)))
        events_.push_back({fmt::format("oc{}", i), std::move(*file)});
    }
  }

  [[nodiscard]] std::optional<KeptFile> find_pi_firmware() const {
    const std::string platform = settings_.sys + "/devices/platform/";
    std::vector<std::string> folders{platform};
    for (const std::string& soc : names_in(platform, "soc")) folders.push_back(platform + soc + "/");
    for (const std::string& folder : folders) {
      for (const std::string& name : names_in(folder)) {
        if (name.find("firmware") == std::string::npos) continue;
        if (auto file = find_file(std::string(folder).append(name).append("/get_throttled"))) return file;
      }
    }
    return std::nullopt;
  }

  std::optional<double> count_interrupts() {
    if (!read_file_into(interrupts_, text_)) return std::nullopt;
    return parse_interrupts(text_, current_interrupt);
  }

  static void emit_events(std::string_view event, double count, Emit& emit) {
    const std::array tags{Tag{"event", event}};
    if (count >= 0) emit.gauge("jetson.throttle.events", count, tags);
  }

  void emit_alarms(Rail& rail, Emit& emit) {
    for (auto [file, level] : {std::pair{&rail.warning, "warning"}, std::pair{&rail.critical, "critical"}}) {
      const std::optional<double> alarm = *file ? read_number(**file) : std::nullopt;
      const std::array tags{Tag{"rail", rail.name}, Tag{"level", level}};
      if (alarm) emit.gauge("jetson.power.alarm", *alarm > 0 ? 1 : 0, tags);
    }
  }

  // The firmware's own word, else what the kernel has last heard of it.
  void collect_pi(Emit& emit) {
    std::array<char, 64> room{};
    const std::optional<std::string_view> text = pi_ ? read(*pi_, room) : std::nullopt;
    const std::optional<std::uint32_t> bits = text ? parse_throttled(*text) : std::nullopt;
    if (bits) {
      emit_pi_bits(*bits, emit);
    } else if (undervoltage_) {
      if (const auto alarm = read_number(*undervoltage_))
        emit_state("jetson.throttle.active", pi_causes[0], *alarm > 0, emit);
    }
  }

  const JetsonSettings& settings_;
  NameFilter filter_;
  std::string interrupts_;
  std::string text_;
  std::vector<Sign> alerts_;  // cur_state
  std::vector<Sign> events_;  // ocN_event_cnt
  std::vector<Rail> rails_;
  bool has_interrupt_ = false;
  std::optional<KeptFile> pi_;            // 50005
  std::optional<KeptFile> undervoltage_;  // 0, 1
};

}  // namespace

void emit_pi_bits(std::uint32_t bits, Emit& emit) {
  for (unsigned i = 0; i < pi_causes.size(); ++i) {
    emit_state("jetson.throttle.active", pi_causes.at(i), ((bits >> i) & 1U) != 0, emit);
  }
  for (unsigned i = 0; i < pi_causes.size(); ++i) {
    emit_state("jetson.throttle.occurred", pi_causes.at(i), ((bits >> (i + pi_since_boot)) & 1U) != 0, emit);
  }
}

std::optional<double> parse_interrupts(std::string_view text, std::string_view name) {
  std::optional<double> sum;
  LineReader lines(text);
  for (std::string_view line; lines.next(line);) {
    if (!trim(line).ends_with(name)) continue;
    cut(line, ':');
    while (const std::optional<std::uint64_t> count = to_uint(next_word(line)))
      sum = sum.value_or(0) + static_cast<double>(*count);
  }
  return sum;
}

std::unique_ptr<Topic> make_throttle(const TopicContext& context) {
  if (!context.wants("throttle")) return nullptr;
  return std::make_unique<ThrottleTopic>(context.settings);
}

}  // namespace scops::jetson
