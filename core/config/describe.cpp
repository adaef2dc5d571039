#include "core/config/describe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "core/config/rooms.hpp"
#include "core/config/value.hpp"
#include "core/io/json.hpp"
#include "core/model/text.hpp"

namespace scops {
namespace {

constexpr std::size_t page_width = 96;
constexpr std::size_t value_column = 40;  // longer values push the origin to the right in their line only

// Appends `text` in lines that start with `margin`, broken between words.
void append_wrapped(std::string& into, std::string_view margin, std::string_view text) {
  std::string line(margin);
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
    const bool first = line.size() == margin.size();
    if (!first && line.size() + 1 + word.size() > page_width) {
      into.append(line).append("\n");
      line = margin;
    } else if (!first) {
      line += ' ';
    }
    line += word;
  }
  into.append(line).append("\n");
}

// For a cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string describe_help(std::span<const Section> sections) {
  std::string out =
      "Settings; a flag wins over an environment variable, that over the configuration file, that\n"
      "over the default:\n"
      "  --config=PATH\n"
      "      The configuration file: lines like host.interval = 30s or SCOPS_HOST_INTERVAL=30s.\n"
      "      Environment: SCOPS_CONFIG\n"
      "Any value may be @/path: the content of that file. NAME_FILE=/path does the same for each\n"
      "environment variable NAME. Lists are JSON.\n";
  for (const Room& room : rooms_of(sections)) {
    fmt::format_to(std::back_inserter(out), "\n{}: {}\n", room.name, room.help);
    for (const auto& [section, option] : room.rows) {
      fmt::format_to(std::back_inserter(out), "  --{}={}\n", key_name(*section, *option),
                     option->text.fallback);
      append_wrapped(out, "      ", help_and_allowed(*option));
      append_wrapped(out, "      ",
                     fmt::format("Environment: {}", fmt::join(environment_names(*section, *option), ", ")));
    }
  }
  return out;
}

std::string describe_effective(const Loaded& loaded) {
  std::size_t name_width = 0;
  std::size_t value_width = 0;
  for (const Effective& effective : loaded.effective) {
    name_width = std::max(name_width, key_name(*effective.section, *effective.option).size());
    value_width = std::max(value_width, effective.value.size());
  }
  value_width = std::min(value_width, value_column);
  std::string out;
  for (const Effective& effective : loaded.effective) {
    fmt::format_to(std::back_inserter(out), "{:<{}}  {:<{}}  {}\n",
                   key_name(*effective.section, *effective.option), name_width,
                   printable(effective.value, 1000), value_width, effective.origin);
  }
  return out;
}

std::string describe_effective_json(const Loaded& loaded) {
  std::string out = R"({"file":)";
  append_json_string(out, loaded.file);
  out += R"(,"options":[)";
  for (const Effective& effective : loaded.effective) {
    out += &effective == loaded.effective.data() ? R"({"name":)" : R"(,{"name":)";
    append_json_string(out, key_name(*effective.section, *effective.option));
    out += R"(,"environment":)";
    append_json_string(out, environment_name(*effective.section, *effective.option));
    out += R"(,"value":)";
    append_json_string(out, effective.value);
    out += R"(,"origin":)";
    append_json_string(out, effective.origin);
    out += '}';
  }
  out += "]}\n";
  return out;
}

std::string describe_markdown(std::span<const Section> sections) {
  std::string out =
      "# Options\n\n"
      "Generated from the option tables by `./dev generate`; edit the rows, not this page. A flag wins over "
      "an\n"
      "environment variable, that over the configuration file (`--config` or `SCOPS_CONFIG`; its keys are "
      "the\n"
      "flags without `--`), that over the default. Any value may be `@/path`: the content of that file.\n"
      "`NAME_FILE=/path` does the same for each environment variable.\n";
  for (const Room& room : rooms_of(sections)) {
    fmt::format_to(std::back_inserter(out), "\n## {}\n\n{}\n", room.name, room.help);
    if (!room.rows.empty())
      out += "\n| environment | flag | default | allowed | help |\n|---|---|---|---|---|\n";
    for (const auto& [section, option] : room.rows) {
      const std::string_view fallback = option->text.fallback;
      fmt::format_to(std::back_inserter(out), "| `{}` | `--{}` | {} | {} | {} |\n",
                     fmt::join(environment_names(*section, *option), "`, `"), key_name(*section, *option),
                     fallback.empty() ? "" : fmt::format("`{}`", cell(fallback)),
                     cell(allowed_values(option->text, option->type)), cell(option->text.help));
    }
  }
  return out;
}

std::string describe_environment(std::span<const Section> sections) {
  std::string out =
      "# Every setting of Scops with its default. To change one, remove the # in front of its name.\n"
      "# Generated from the option tables.\n";
  for (const Room& room : rooms_of(sections)) {
    if (room.rows.empty()) continue;
    fmt::format_to(std::back_inserter(out), "\n# == {}: {}\n", room.name, room.help);
    for (const auto& [section, option] : room.rows) {
      out += '\n';
      append_wrapped(out, "# ", help_and_allowed(*option));
      const std::vector<std::string> names = environment_names(*section, *option);
      if (names.size() > 1) {
        append_wrapped(out, "# ", fmt::format("Also: {}.", fmt::join(names.begin() + 1, names.end(), ", ")));
      }
      fmt::format_to(std::back_inserter(out), "#{}={}\n", names.front(), option->text.fallback);
    }
  }
  return out;
}

}  // namespace scops
