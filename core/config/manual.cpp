#include "core/config/manual.hpp"

#include <fmt/format.h>

#include <iterator>

#include "core/config/rooms.hpp"

namespace scops {

std::string roff(std::string_view text) {
  std::string out;
  // At the start of a line these two begin a request.
  if (text.starts_with('.') || text.starts_with('\'')) out = "\\&";
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";  // a minus, which can be searched for and copied, not a hyphen
    else
      out += c;
  }
  return out;
}

std::string manual_of_options(std::span<const Section> sections) {
  std::string out;
  for (const Room& room : rooms_of(sections)) {
    if (room.rows.empty()) continue;
    fmt::format_to(std::back_inserter(out), ".SS {}: {}\n", roff(room.name), roff(room.help));
    for (const auto& [section, option] : room.rows) {
      fmt::format_to(std::back_inserter(out), ".TP\n.B \\-\\-{}={}\n{}\n.br\nEnvironment: {}\n",
                     roff(key_name(*section, *option)), roff(option->text.fallback),
                     roff(help_and_allowed(*option)),
                     roff(fmt::format("{}", fmt::join(environment_names(*section, *option), ", "))));
    }
  }
  return out;
}

}  // namespace scops
