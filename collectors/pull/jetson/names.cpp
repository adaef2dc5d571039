#include "collectors/pull/jetson/names.hpp"

#include <algorithm>
#include <array>

#include "core/model/text.hpp"

namespace scops::jetson {
namespace {

constexpr std::size_t tag_limit = 100;
constexpr std::size_t part_size = 10;  // p3767-0005
constexpr double per_mille_max = 1000;
constexpr double percent_max = 100;

constexpr std::array<std::string_view, 6> zone_endings{"-thermal", "_thermal", "-therm",
                                                       "_therm",   "_tegra",   "-Die"};
constexpr std::array<std::string_view, 7> gpus{"gpu", "gk20a", "gm20b", "gp10b", "gv11b", "ga10b", "gb10b"};
constexpr std::array<std::string_view, 12> engines{"nvenc", "nvdec", "nvjpg", "msenc",  "vic",    "ofa",
                                                   "nvdla", "pva",   "npu",   "rkvenc", "rkvdec", "vpu"};
constexpr std::array<std::string_view, 3> memories{"bwmgr", "emc", "dmc"};
constexpr std::array<std::string_view, 2> counted_from_0{"nvdla", "pva"};
constexpr std::array<std::string_view, 10> module_families{"p3834", "p3767", "p3701", "p3668", "p2888",
                                                           "p3448", "p3636", "p3489", "p3310", "p2180"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "p3767-0005" at the start of `text`?
bool starts_with_part(std::string_view text) {
  if (text.size() < part_size || text[0] != 'p' || text[5] != '-') return false;
  const std::string_view digits = text.substr(0, part_size);
  return std::all_of(digits.begin() + 1, digits.begin() + 5, is_digit) &&
         std::all_of(digits.begin() + 6, digits.end(), is_digit);
}

std::string_view find_part(std::string_view text, bool of_known_family) {
  for (std::size_t at = text.find('p'); at != std::string_view::npos; at = text.find('p', at + 1)) {
    const std::string_view rest = text.substr(at);
    if (!starts_with_part(rest)) continue;
    if (!of_known_family || is_one_of(module_families, rest.substr(0, 5))) return rest.substr(0, part_size);
  }
  return {};
}

bool is_version(std::string_view text) {
  return !text.empty() && is_digit(text.front()) && is_digit(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
}

// The value behind `key` in a line like "< POWER_MODEL ID=2 NAME=15W >"; empty when there is none.
std::string_view value_of(std::string_view line, std::string_view key) {
  while (!line.empty()) {
    const std::string_view word = next_word(line);
    if (word.starts_with(key)) return word.substr(key.size());
  }
  return {};
}

}  // namespace

std::string zone_name(std::string_view type) {
  std::string name = tag_text(type);
  if (name == "thermal-fan-est" || name.starts_with("thermal-fan-est.")) return "thermal";  // or ".46"
  for (const std::string_view ending : zone_endings) {
    if (name.size() > ending.size() && name.ends_with(ending)) {
      name.resize(name.size() - ending.size());
      break;
    }
  }
  return name;
}

bool is_plausible_celsius(double celsius) { return celsius > -100 && celsius < 200; }

std::string_view unit_of(std::string_view device) {
  if (device.ends_with(".0")) device.remove_suffix(2);  // gpu.0
  const std::size_t dot = device.rfind('.');
  return dot == std::string_view::npos ? device : device.substr(dot + 1);
}

bool is_gpu(std::string_view unit) { return is_one_of(gpus, unit) || unit.starts_with("gpu-gpc"); }
bool is_engine(std::string_view unit) { return is_one_of(engines, unit); }
bool is_memory(std::string_view unit) { return is_one_of(memories, unit); }

std::string engine_name(std::string_view unit, std::size_t n) {
  std::string name(unit);
  if (n > 0 || is_one_of(counted_from_0, unit)) name += std::to_string(n);
  return name;
}

std::optional<double> parse_per_mille(std::string_view text) {
  const std::optional<double> load = to_number(trim(text));
  if (!load || *load < 0 || *load > per_mille_max) return std::nullopt;
  return *load / 10;
}

std::optional<double> parse_load_at_clock(std::string_view text) {
  text = trim(text);
  if (text.find('@') == std::string_view::npos) return std::nullopt;
  const std::optional<double> load = to_number(cut(text, '@'));
  if (!load || *load < 0 || *load > percent_max) return std::nullopt;
  return load;
}

std::optional<std::uint32_t> parse_throttled(std::string_view text) {
  text = trim(text);
  if (text.starts_with("throttled=")) cut(text, '=');
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  const std::optional<std::uint64_t> bits = to_uint(text, 16);
  if (!bits || *bits > UINT32_MAX) return std::nullopt;
  return static_cast<std::uint32_t>(*bits);
}

std::optional<std::int64_t> parse_power_mode(std::string_view text) {
  const std::optional<std::uint64_t> id = to_uint(trim(value_of(trim(text), "pmode:")));
  if (!id || *id > UINT32_MAX) return std::nullopt;
  return static_cast<std::int64_t>(*id);
}

std::string_view find_power_mode_name(std::string_view conf, std::int64_t id) {
  while (!conf.empty()) {
    std::string_view line = trim(cut(conf, '\n'));
    if (!line.starts_with('<')) continue;
    line = trim(line.substr(1));
    if (line.ends_with('>')) line = trim(line.substr(0, line.size() - 1));
    if (next_word(line) != "POWER_MODEL" || to_int(value_of(line, "ID=")) != id) continue;
    return value_of(line, "NAME=");
  }
  return {};
}

std::string parse_l4t_release(std::string_view text) {
  std::string_view line = trim(cut(text, '\n'));
  if (line.starts_with('#')) line = trim(line.substr(1));
  const std::string_view major = next_word(line);
  const std::size_t at = line.find("REVISION:");
  if (!major.starts_with('R') || at == std::string_view::npos) return {};
  line = line.substr(at + std::string_view("REVISION:").size());
  const std::string_view revision = trim(cut(line, ','));
  if (!is_version(major.substr(1)) || !is_version(revision)) return {};
  return std::string(major.substr(1)).append(".").append(revision);
}

std::string parse_l4t_version(std::string_view version) {
  version = trim(version);
  const std::string_view number = cut(version, '-');
  return std::string(is_version(number) ? number : std::string_view{});
}

std::string_view soc_of(std::string_view compatible) {
  std::string_view soc;
  bool tegra = false;
  while (!compatible.empty()) {
    std::string_view name = cut(compatible, '\0');
    const std::string_view vendor = cut(name, ',');
    const bool here = vendor == "nvidia" && is_tegra(name);
    if (!name.empty() && (here || !tegra)) soc = name;
    tegra = tegra || here;
  }
  return soc;
}

bool is_tegra(std::string_view soc) { return soc.starts_with("tegra"); }

std::string_view module_of(std::string_view compatible, std::string_view dts_file) {
  std::string_view rest = compatible;
  while (!rest.empty()) {
    std::string_view name = cut(rest, '\0');
    const std::size_t plus = name.rfind('+');
    if (plus == std::string_view::npos) continue;
    if (const std::string_view part = find_part(name.substr(plus), false); !part.empty()) return part;
  }
  const std::string_view part = find_part(compatible, true);
  return part.empty() ? find_part(dts_file, true) : part;
}

std::string tag_text(std::string_view text) {
  while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  std::string tag = printable(trim(text), tag_limit);
  std::replace_if(
      tag.begin(), tag.end(), [](char c) { return c == ' ' || c == ','; }, '_');
  return tag;
}

}  // namespace scops::jetson
