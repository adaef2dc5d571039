#include "collectors/pull/tegrastats/line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "collectors/pull/tegrastats/gpu.hpp"
#include "collectors/pull/tegrastats/words.hpp"
#include "core/model/text.hpp"

namespace scops::tegrastats {
namespace {

constexpr std::size_t names_max = 128;

// Names of tags in lower case, without allocating.
class LowerCase {
 public:
  explicit LowerCase(std::string_view text) : size_(std::min(text.size(), text_.size())) {
    std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size_), text_.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  }
  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 64> text_{};  // as long as is_name() allows
  std::size_t size_;
};

// NVENC_FREQ, NVENC_LOAD -> NVENC
std::string_view without_suffix(std::string_view name) {
  constexpr std::size_t length = 5;
  if (name.size() <= length) return name;
  const std::string_view suffix = name.substr(name.size() - length);
  if (iequals(suffix, "_FREQ") || iequals(suffix, "_LOAD")) name.remove_suffix(length);
  return name;
}

// Is a number or a percentage behind this name an engine's? Anything may print one.
bool is_engine_name(std::string_view name, std::string_view base) {
  constexpr std::array<std::string_view, 14> stems{"NVENC", "NVDEC", "NVJPG", "NVDLA", "MSENC",
                                                   "VIC",   "APE",   "OFA",   "PVA",   "DLA",
                                                   "VDE",   "AVP",   "NVCSI", "TSEC"};
  if (base.size() != name.size()) return true;
  const std::size_t digits = base.find_last_not_of("0123456789") + 1;
  const std::string_view stem = base.substr(0, digits);
  return std::any_of(stems.begin(), stems.end(),
                     [stem](std::string_view known) { return iequals(stem, known); });
}

struct MemoryKind {
  std::string_view token;
  bool Groups::*group;
  std::string_view used, free;
  std::string_view lfb;  // size of the largest free block
  bool Groups::*lfb_group = nullptr;
  std::string_view blocks = {};  // how many there are of it
};

// Carveout and GART: only Tegra 2 and 3 had them.
constexpr std::array memory_kinds{
    MemoryKind{"RAM", &Groups::ram, "tegrastats.ram.used", "tegrastats.ram.free", "tegrastats.lfb.size",
               &Groups::lfb, "tegrastats.lfb.blocks"},
    MemoryKind{"SWAP", &Groups::swap, "tegrastats.swap.used", "tegrastats.swap.free", {}},
    MemoryKind{"IRAM", &Groups::iram, "tegrastats.iram.used", "tegrastats.iram.free", "tegrastats.iram.lfb",
               &Groups::iram},
    MemoryKind{"Carveout", &Groups::iram, "tegrastats.carveout.used", "tegrastats.carveout.free",
               "tegrastats.carveout.lfb", &Groups::iram},
    MemoryKind{"GART", &Groups::iram, "tegrastats.gart.used", "tegrastats.gart.free", "tegrastats.gart.lfb",
               &Groups::iram},
};

class LineWalk {
 public:
  LineWalk(const Groups& groups, Emit& emit) : groups_(groups), emit_(emit) {}

  void run(std::string_view line) {
    while (used_names_ < names_max) {
      const std::string_view word = next_word(line);
      if (word.empty()) break;
      take_word(word, line);
      before_ = word;
    }
    if (groups_.gpu) gpu_.emit(emit_);
  }

 private:
  // Takes the word, and what belongs to it off `rest`.
  void take_word(std::string_view word, std::string_view& rest) {
    if (const std::size_t at = word.find('@'); at != std::string_view::npos) {
      take_temperature(word.substr(0, at), word.substr(at + 1));
      return;
    }
    if (!is_name(word)) return;
    const std::optional<Value> value = next_value(rest);
    if (!value) return;
    if (const std::optional<Memory> memory = parse_memory(*value)) {
      rest = memory->rest;
      take_memory(word, *memory);
    } else if (const std::optional<Milliwatts> power = parse_milliwatts(value->text)) {
      rest = value->rest;
      take_rail(word, *power);
    } else if (const std::optional<Cores> cores = parse_cores(value->text); cores && iequals(word, "CPU")) {
      rest = value->rest;
      take_cores(*cores);
    } else if (const std::optional<Figures> figures = parse_figures(value->text)) {
      rest = value->rest;
      take_figures(word, *figures);
    }
  }

  // The same name may stand for different things (CPU has cores, a temperature and a rail): once for each.
  bool is_first(char kind, std::string_view name) {
    const std::span<const Name> used = std::span(names_).first(used_names_);
    const bool seen = std::any_of(used.begin(), used.end(), [kind, name](const Name& before) {
      return before.kind == kind && iequals(before.name, name);
    });
    if (seen || used_names_ == names_max) return false;
    names_[used_names_++] = {kind, name};
    return true;
  }

  void take_temperature(std::string_view zone, std::string_view text) {
    if (!groups_.temp && !groups_.temp_max) return;
    const std::optional<Celsius> celsius = parse_celsius(text);
    // PMIC reports a constant.
    if (!celsius || !is_name(zone) || iequals(zone, "PMIC") || !is_first('t', zone)) return;
    const LowerCase lower(zone);
    const std::array tags{Tag{"zone", groups_.lowercase_zones ? lower.view() : zone}};
    if (groups_.temp && celsius->current) emit_.gauge("tegrastats.temperature", *celsius->current, tags);
    if (groups_.temp_max && celsius->highest)
      emit_.gauge("tegrastats.temperature.max", *celsius->highest, tags);
  }

  void take_memory(std::string_view name, const Memory& memory) {
    const auto* const kind =
        std::find_if(memory_kinds.begin(), memory_kinds.end(),
                     [name](const MemoryKind& known) { return iequals(known.token, name); });
    if (kind == memory_kinds.end() || !is_first('m', name)) return;
    if (groups_.*kind->group) {
      emit_.gauge(kind->used, memory.used);
      emit_.gauge(kind->free, memory.total - memory.used);
    }
    if (!memory.size) return;
    if (iequals(memory.label, "cached")) {
      if (groups_.swap && iequals(name, "SWAP")) emit_.gauge("tegrastats.swap.cached", *memory.size);
    } else if (iequals(memory.label, "lfb") && kind->lfb_group != nullptr && groups_.*kind->lfb_group) {
      if (memory.count && !kind->blocks.empty()) emit_.gauge(kind->blocks, *memory.count);
      emit_.gauge(kind->lfb, *memory.size);
    }
  }

  void take_rail(std::string_view rail, const Milliwatts& power) {
    // NC: not connected.
    if (!groups_.power || iequals(rail, "NC") || !is_first('r', rail)) return;
    const std::array tags{Tag{"rail", rail}};
    emit_.gauge("tegrastats.power.current", *power.current, tags);
    if (power.average) emit_.gauge("tegrastats.power.average", *power.average, tags);
    if (power.highest) emit_.gauge("tegrastats.power.max", *power.highest, tags);
  }

  void take_cores(Cores cores) {
    if (!groups_.cpu || !is_first('c', "CPU")) return;
    std::size_t online = 0;
    bool all_understood = true;
    for (std::size_t number = 0; !cores.list.empty(); ++number) {
      const std::optional<Core> core = next_core(cores);
      all_understood = all_understood && core;
      if (!core || core->off) continue;
      ++online;
      const fmt::format_int text(number);
      const std::array tags{Tag{"core", {text.data(), text.size()}}};
      if (core->load) emit_.gauge("tegrastats.cpu.load", *core->load, tags);
      if (core->clock) emit_.gauge("tegrastats.cpu.mhz", *core->clock, tags);
    }
    if (all_understood) emit_.gauge("tegrastats.cpu.online", static_cast<double>(online));
  }

  void take_figures(std::string_view name, const Figures& figures) {
    const std::string_view base = without_suffix(name);
    if (iequals(base, "EMC")) {
      take_emc(name, figures);
    } else if (const std::optional<std::size_t> gpc = gpc_of(base)) {
      if (!figures.bare && is_first('f', name)) gpu_.add(*gpc, figures);
    } else if (iequals(name, "fg") || iequals(name, "bg")) {
      take_mts(name, figures);
    } else if (iequals(before_, "EDP") && iequals(name, "limit")) {
      take_edp(figures);
    } else if (is_engine_name(name, base) || (!figures.clocks.empty() && !figures.bare)) {
      take_engine(name, base, figures);  // a load at a clock: whatever it is called, that is an engine
    }
  }

  // Without root there is no clock, and the load is always 0: no measurement.
  void take_emc(std::string_view name, const Figures& figures) {
    if (!groups_.emc || figures.bare || !is_first('f', name)) return;
    std::string_view clocks = figures.clocks;
    std::string_view loads = figures.loads;
    const std::optional<double> clock = next_clock(clocks);
    const std::optional<double> load = next_load(loads);
    const bool measured = clock || iequals(name, "EMC_LOAD") || (load && *load > 0);
    if (load && measured) emit_.gauge("tegrastats.emc.load", *load);
    if (clock) emit_.gauge("tegrastats.emc.mhz", *clock);
  }

  void take_mts(std::string_view mode, const Figures& figures) {
    std::string_view loads = figures.loads;
    const std::optional<double> load = next_load(loads);
    if (!groups_.engines || !load || !is_first('f', mode)) return;
    const LowerCase lower(mode);
    const std::array tags{Tag{"mode", lower.view()}};
    emit_.gauge("tegrastats.mts.load", *load, tags);
  }

  void take_edp(const Figures& figures) {
    std::string_view clocks = figures.clocks;
    const std::optional<double> limit = next_clock(clocks);
    if (groups_.power && figures.bare && limit && is_first('f', "EDP"))
      emit_.gauge("tegrastats.edp.limit", *limit);
  }

  void take_engine(std::string_view name, std::string_view base, const Figures& figures) {
    if (!groups_.engines || !is_first('f', name)) return;
    const LowerCase lower(base);
    emit_list("tegrastats.engine.load", lower.view(), figures.loads, next_load);
    const std::optional<double> highest =
        emit_list("tegrastats.engine.mhz", lower.view(), figures.clocks, next_clock);
    if (!figures.off && !highest) return;
    const std::array tags{Tag{"engine", lower.view()}};
    emit_.gauge("tegrastats.engine.on", highest.value_or(0) > 0 ? 1 : 0, tags);
  }

  // A list of one is the engine's, longer ones are its units'. Returns the highest.
  std::optional<double> emit_list(std::string_view metric, std::string_view engine, std::string_view list,
                                  std::optional<double> (*next)(std::string_view&)) {
    const bool single = is_single(list);
    std::optional<double> highest;
    for (std::size_t unit = 0; !list.empty(); ++unit) {
      const std::optional<double> value = next(list);
      if (!value) continue;
      highest = std::max(highest.value_or(*value), *value);
      const fmt::format_int text(unit);
      const std::array tags{Tag{"engine", engine}, Tag{"unit", {text.data(), text.size()}}};
      emit_.gauge(metric, *value, std::span(tags).first(single ? 1 : 2));
    }
    return highest;
  }

  struct Name {
    char kind = 0;  // m memory, r rail, t temperature, c cores, f figures
    std::string_view name;
  };

  const Groups& groups_;
  Emit& emit_;
  std::string_view before_;  // the word before
  std::array<Name, names_max> names_{};
  std::size_t used_names_ = 0;
  Gpu gpu_;
};

}  // namespace

bool is_statistics(std::string_view line) {
  while (!line.empty()) {
    if (!iequals(next_word(line), "RAM")) continue;
    const std::optional<Value> value = next_value(line);
    if (value && parse_memory(*value)) return true;
  }
  return false;
}

void emit_line(std::string_view line, const Groups& groups, Emit& emit) { LineWalk(groups, emit).run(line); }

}  // namespace scops::tegrastats
