// The shapes in a line of tegrastats: what a value looks like, whatever name stands before it. Each reader
// takes exactly its shape; numbers that nothing can have (a load of 300 %, a clock of -1) are absent. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace scops::tegrastats {

// What stands behind a name, and what follows it.
struct Value {
  std::string_view text;  // up to a blank or a parenthesis; a list up to what follows its bracket
  std::string_view rest;
};
// Nothing at the end of the line, and for a list without an end.
[[nodiscard]] std::optional<Value> next_value(std::string_view rest);

// A word that may become a tag: letters (at least one), digits, '_', '-', '.' and '+', at most 64.
[[nodiscard]] bool is_name(std::string_view word);

//   7231/62841MB (lfb 3x4MB)      0/252kB(lfb 252kB)     0/2048MB (cached 0MB)
struct Memory {
  double used = 0, total = 0;  // bytes
  std::string_view label;      // of the parenthesis: lfb, cached; empty when there is none
  std::optional<double> count, size;
  std::string_view rest;
};
[[nodiscard]] std::optional<Memory> parse_memory(const Value& value);

//   48.187C      -256C      50.718C/50.718C
struct Celsius {
  std::optional<double> current, highest;  // absent: not a temperature that a running board can have
};
[[nodiscard]] std::optional<Celsius> parse_celsius(std::string_view text);

//   2003/2658      2801mW/2749mW      4722mW/4722mW/4722mW
struct Milliwatts {
  std::optional<double> current, average, highest;
};
[[nodiscard]] std::optional<Milliwatts> parse_milliwatts(std::string_view text);

//   39%@76   99%   @4266   0%@[305,305]   @[0,0,0]   [1%,2%]@115   716   off
// The views are lists whose members are separated by commas: next_load() and next_clock() take them apart.
struct Figures {
  std::string_view loads;   // "39%", "1%,2%"; empty: none is said
  std::string_view clocks;  // "76", "305,305"
  bool off = false;
  bool clock_list = false;  // in brackets, also if it has one member
  bool bare = false;        // only a number: what it is depends on the name
};
[[nodiscard]] std::optional<Figures> parse_figures(std::string_view text);

// The first member, cut off its list: percent 0 to 100, MHz 0 to 100000; nothing for any other.
[[nodiscard]] std::optional<double> next_load(std::string_view& loads);
[[nodiscard]] std::optional<double> next_clock(std::string_view& clocks);

// Is it a list of one?
[[nodiscard]] inline bool is_single(std::string_view list) {
  return list.find(',') == std::string_view::npos;
}

//   [24%@1224,off,0%@729]      [25%,off]@2218
struct Cores {
  std::string_view list;   // next_core() takes it apart
  std::string_view clock;  // of all cores, in the old form; else empty
};
[[nodiscard]] std::optional<Cores> parse_cores(std::string_view text);

struct Core {
  bool off = false;
  std::optional<double> load, clock;
};
// The first member, cut off the list; nothing when it is not understood.
[[nodiscard]] std::optional<Core> next_core(Cores& cores);

}  // namespace scops::tegrastats
