#include "agent/commands/command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "agent/version.hpp"
#include "core/config/describe.hpp"
#include "core/model/text.hpp"
#include "core/runtime/log.hpp"

namespace scops {

namespace {

constexpr Command all_commands[] = {
    {"run", "", "Collects, buffers and sends until it is told to stop (the default).", run_agent},
    {"check", "[COLLECTOR...] [--json]", "Collects once and prints what would be sent.", check_collectors,
     SIZE_MAX},
    {"parse", "FORMAT", "Reads standard input with one of the parsers and prints JSON lines.", parse_input,
     1},
    {"config", "[--json | --print=md|env|collectors|man|bash]",
     "Shows every option: its value and where it came from.", show_config},
    {"status", "[--json]", "Asks the running agent how it is.", show_status},
    {"buffer", "show|drop", "Shows what waits in the buffer, or empties it.", handle_buffer, 1},
    {"version", "", "Prints the version.", show_version},
};

constexpr std::string_view chouettes_words[] = {"python3", "-m", "chouette_iot"};

// Read when it exists; --config and SCOPS_CONFIG name another.
constexpr std::string_view default_file = "/etc/scops/scops.conf";

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string help_text() {
  std::string text =
      "scops - collects, buffers and sends a device's metrics\n\nusage: scops [COMMAND] [OPTIONS]\n\n";
  for (const Command& command : commands()) {
    text +=
        fmt::format("  scops {:<48} {}\n", fmt::format("{} {}", command.name, command.usage), command.help);
  }
  text += "\nEvery option is a flag, an environment variable and a line of the file that --config names.\n\n";
  return text + describe_help(Settings().sections());
}

}  // namespace

std::span<const Command> commands() { return all_commands; }

Result<CommandLine> parse_command_line(std::span<const std::string> arguments,
                                       std::vector<std::string> environment) {
  const bool as_chouette = std::ranges::equal(arguments, chouettes_words);
  if (as_chouette) arguments = {};
  Arguments split = split_arguments(Settings().sections(), arguments);
  CommandLine line;
  line.options = {.flags = std::move(split.flags),
                  .environment = std::move(environment),
                  .file = std::string(default_file)};
  for (const std::string& argument : split.rest) {
    if (argument == "-h" || argument == "--help") {
      line.help = true;
    } else if (argument == "--version") {
      line.command = "version";
    } else if (argument == "--json") {
      line.json = true;
    } else if (argument.starts_with("--print=")) {
      line.print = argument.substr(argument.find('=') + 1);
    } else if (argument.starts_with('-')) {
      // Without its value: that may be a secret.
      return Error{ErrorKind::refused, fmt::format("unknown switch {}; see scops --help",
                                                   printable(argument.substr(0, argument.find('='))))};
    } else {
      (line.command.empty() ? line.command : line.words.emplace_back()) = argument;
    }
  }
  if (line.command.empty()) line.command = "run";
  line.as_chouette = as_chouette;
  return line;
}

int run_command(const CommandLine& line) {
  if (line.help || line.command == "help") {
    print(help_text());
    return 0;
  }
  const auto found = std::find_if(commands().begin(), commands().end(),
                                  [&line](const Command& command) { return command.name == line.command; });
  if (found != commands().end() && line.words.size() > found->words) {
    // Which, is not shown: it may be the secret that belonged to a mistyped flag.
    complain(fmt::format("scops {0}: too many words; usage: scops {0} {1}", found->name, found->usage));
    return 2;
  }
  if (found != commands().end()) return found->run(line);
  std::vector<std::string_view> names;
  for (const Command& command : commands()) names.push_back(command.name);
  const std::string_view nearest = nearest_name(line.command, names);
  complain(fmt::format("scops: unknown command \"{}\"{}; known: {}", printable(line.command),
                       nearest.empty() ? "" : fmt::format("; nearest: {}", nearest), fmt::join(names, ", ")));
  return 2;
}

std::optional<Loaded> load_or_complain(Settings& settings, const CommandLine& line) {
  Loaded loaded = settings.load(line.options);
  for (const std::string& problem : loaded.problems) complain("scops: " + problem);
  if (!loaded.problems.empty()) return std::nullopt;
  settings.apply_to_log();
  return loaded;
}

int show_version(const CommandLine& /*line*/) {
  print(fmt::format("scops {}\n", version));
  return 0;
}

void print(std::string_view text) { write_all(STDOUT_FILENO, text); }
void complain(std::string_view line) {
  write_all(STDERR_FILENO, fmt::format("{}\n", log::masked(std::string(line))));
}

}  // namespace scops
