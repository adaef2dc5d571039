// The commands of the program: one file each, one row each in command.cpp. A command gets the command line,
// does its work on the calling thread and returns the exit status: 0 it worked, 1 it did not, 2 the command
// line or a setting is wrong.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/settings.hpp"

namespace scops {

struct CommandLine {
  std::string command;             // "run" when none was given
  std::vector<std::string> words;  // what follows it: a collector, a format
  bool help = false;               // --help, -h
  bool json = false;               // --json
  bool as_chouette = false;        // "run", asked for in the words of Chouette-IoT's deployments
  std::string print;               // --print=FORM
  LoadInput options;               // --room.option flags, --config, environment
};

// `arguments` without the program's name. `python3 -m chouette_iot` is `run`: what a compose file that was
// written for Chouette-IoT hands to our image. An Error for a switch that does not exist.
[[nodiscard]] Result<CommandLine> parse_command_line(std::span<const std::string> arguments,
                                                     std::vector<std::string> environment);

struct Command {
  std::string_view name;
  std::string_view usage;  // what may follow the name
  std::string_view help;   // one sentence
  int (*run)(const CommandLine& line);
  std::size_t words = 0;  // as many may follow the name
};

[[nodiscard]] std::span<const Command> commands();

// Runs line.command, or prints help. The whole program after main's preparations.
int run_command(const CommandLine& line);

// Loads all settings; on problems writes one line each to standard error and returns nothing (exit status 2).
// Configures the log and masks every secret.
[[nodiscard]] std::optional<Loaded> load_or_complain(Settings& settings, const CommandLine& line);

// Whole texts to standard output and one line to standard error; a closed pipe is not our error.
void print(std::string_view text);
void complain(std::string_view line);

// scops.1 in the man(7) macros, and the completions of bash.
[[nodiscard]] std::string manual_page(std::span<const Section> sections);
[[nodiscard]] std::string bash_completion(std::span<const Section> sections);

// The rows' functions.
int run_agent(const CommandLine& line);
int check_collectors(const CommandLine& line);
int parse_input(const CommandLine& line);
int show_config(const CommandLine& line);
int show_status(const CommandLine& line);
int handle_buffer(const CommandLine& line);
int show_version(const CommandLine& line);

}  // namespace scops
