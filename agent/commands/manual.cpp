// What a package ships beside the program, printed from the same tables as --help: the manual page and the
// completions of a shell.
#include "core/config/manual.hpp"

#include <fmt/format.h>

#include <iterator>

#include "agent/commands/command.hpp"
#include "collectors/registry.hpp"
#include "core/config/rooms.hpp"

namespace scops {
namespace {

constexpr std::string_view manual_head = R"(.\" Made by scops config --print=man.
.TH SCOPS 1 "" Scops
.ad l
.SH NAME
scops \- collects, buffers and sends a device's metrics
.SH SYNOPSIS
.B scops
.RI [ COMMAND ]
.RI [ OPTIONS ]
.SH DESCRIPTION
Scops reads what a device says of itself and what its applications report, keeps it safe on the device for as
long as the link is down, and delivers it in batches to a remote metrics API.
Without a command it runs until SIGTERM or SIGINT.
.SH COMMANDS
)";

constexpr std::string_view manual_options = R"(.SH OPTIONS
A flag wins over an environment variable, that over the configuration file, that over the default.
Lists are JSON.
Any value may be @/path: the content of that file.
NAME_FILE=/path does the same for each environment variable NAME.
.TP
.B \-\-config=PATH
The configuration file: lines like host.interval = 30s or SCOPS_HOST_INTERVAL=30s.
.br
Environment: SCOPS_CONFIG
)";

constexpr std::string_view manual_foot = R"(.SH EXIT STATUS
0: it worked; 1: it did not; 2: the command line or a setting is wrong.
.SH FILES
.TP
.I /etc/scops/scops.env
Environment of the service, read by systemd; readable for root alone.
.TP
.I /usr/share/doc/scops/scops.env.example
Every setting with its default, as lines for it.
.TP
.I /etc/scops/scops.conf
The configuration file, when there is one.
.TP
.I /var/lib/scops
What waits to be sent, and what survives a restart.
.SH SEE ALSO
.BR systemd.service (5)
)";

// `--print=bash`: the words at each place, without asking the program.
constexpr std::string_view bash_function = R"(_scops() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words
  [[ $before == = ]] && return
  if [[ $word == -* ]]; then
    words=$_scops_options
    compopt -o nospace
  else
    case $before in
      check) words=$_scops_collectors ;;
      parse) words=$_scops_formats ;;
      buffer) words="show drop" ;;
      scops) words=$_scops_commands ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _scops scops
)";

}  // namespace

std::string manual_page(std::span<const Section> sections) {
  std::string page(manual_head);
  for (const Command& command : commands()) {
    fmt::format_to(std::back_inserter(page), ".TP\n.B {}\n{}\n",
                   roff(fmt::format("{}{}{}", command.name, command.usage.empty() ? "" : " ", command.usage)),
                   roff(command.help));
  }
  page += manual_options;
  page += manual_of_options(sections);
  return page.append(manual_foot);
}

std::string bash_completion(std::span<const Section> sections) {
  std::string commands_line;
  for (const Command& command : commands()) commands_line.append(command.name).append(" ");
  std::string collectors_line;
  std::string formats_line;
  for (const CollectorSpec* spec : collector_specs()) {
    collectors_line.append(spec->name).append(" ");
    for (const Format& format : spec->formats) formats_line.append(format.name).append(" ");
  }
  std::string options_line = "--config= --help --json ";
  for (const Room& room : rooms_of(sections)) {
    for (const auto& [section, option] : room.rows) {
      options_line.append("--").append(key_name(*section, *option)).append("= ");
    }
  }
  return fmt::format(
      "# Completion of scops for bash, made by scops config --print=bash.\n"
      "_scops_commands=\"{}\"\n_scops_collectors=\"{}\"\n_scops_formats=\"{}\"\n_scops_options=\"{}\"\n{}",
      commands_line, collectors_line, formats_line, options_line, bash_function);
}

}  // namespace scops
