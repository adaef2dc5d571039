// The option table. An option is one constexpr row: where it is stored, its name, default, help and limits;
// the member's type picks parser and printer. Loading (load.hpp), help and pages (describe.hpp) follow.
//
//   constexpr Option rows[] = {
//       option<&HostSettings::proc>({.name = "proc", .fallback = "/proc", .help = "Root of procfs."}),
//   };
//   Section host_section() { return section<HostSettings>("host", "Host metrics.", rows); }
//
// gives the environment variable SCOPS_HOST_PROC, the flag --host.proc and the file key host.proc.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace scops {

// A number of bytes: "4096", "64KiB", "10MB".
struct Bytes {
  std::uint64_t count = 0;
  auto operator<=>(const Bytes&) const = default;
};

// Text that no log, page, error or dump may show.
struct Secret {
  std::string text;
};

using Duration = std::chrono::milliseconds;       // "30s", "500ms", "4h"; a bare number counts seconds
using TextList = std::vector<std::string>;        // a JSON list of texts or numbers: ["cpu","fs"], [0.95]
using TextMap = std::map<std::string, TextList>;  // a JSON object of such lists: {"pods":["cpu","memory"]}

enum class OptionType : std::uint8_t { text, secret, boolean, integer, ratio, duration, bytes, list, map };

// What a row says about an option; `choices` and `aliases` are separated by '|'.
struct OptionText {
  std::string_view name;          // within its room: "interval"
  std::string_view fallback;      // the default, written as a user would write it
  std::string_view help;          // a sentence, ends with a period
  std::string_view choices = {};  // text: the allowed values; list: the allowed members; map: "key.member"
  std::string_view aliases = {};  // further environment names, first-class: "API_KEY"
  std::string_view min = {};      // smallest and largest allowed, written like a value
  std::string_view max = {};
  bool exact_case = false;  // choices: "Host" is not "host"; else it is, and is stored as written here
};

struct Option {
  OptionText text;
  OptionType type = OptionType::text;
  void* (*member)(void* settings) = nullptr;
};

namespace detail {

template <class T>
constexpr OptionType option_type() {
  if constexpr (std::is_same_v<T, std::string>)
    return OptionType::text;
  else if constexpr (std::is_same_v<T, Secret>)
    return OptionType::secret;
  else if constexpr (std::is_same_v<T, bool>)
    return OptionType::boolean;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return OptionType::integer;
  else if constexpr (std::is_same_v<T, double>)
    return OptionType::ratio;
  else if constexpr (std::is_same_v<T, Duration>)
    return OptionType::duration;
  else if constexpr (std::is_same_v<T, Bytes>)
    return OptionType::bytes;
  else if constexpr (std::is_same_v<T, TextList>)
    return OptionType::list;
  else {
    static_assert(std::is_same_v<T, TextMap>, "no option type for this member");
    return OptionType::map;
  }
}

template <class T>
struct MemberOf;
template <class S, class T>
struct MemberOf<T S::*> {
  using Settings = S;
  using Type = T;
};

}  // namespace detail

// `Owner`: the settings struct, where `Member` is one of its base class.
template <auto Member, class Owner = typename detail::MemberOf<decltype(Member)>::Settings>
constexpr Option option(OptionText text) {
  return {text, detail::option_type<typename detail::MemberOf<decltype(Member)>::Type>(),
          [](void* settings) -> void* { return &(static_cast<Owner*>(settings)->*Member); }};
}

// The options of one room over one instance of its settings struct.
struct Section {
  std::string_view room;  // "host": part of every name
  std::string_view help;
  std::span<const Option> options;
  std::shared_ptr<void> settings;
};

template <class Settings>
Section section(std::string_view room, std::string_view help, std::span<const Option> options) {
  return {room, help, options, std::make_shared<Settings>()};
}

// "SCOPS_HOST_PROC" and "host.proc".
[[nodiscard]] std::string environment_name(const Section& section, const Option& option);
[[nodiscard]] std::string key_name(const Section& section, const Option& option);

}  // namespace scops
