// argv and environment -> command -> exit status.
#include <malloc.h>

#include <csignal>
#include <exception>
#include <string>
#include <vector>

#include "agent/commands/command.hpp"
#include "agent/commands/secrecy.hpp"

int main(int argc, char** argv) {
  // A peer that closes its end must be an error to handle, not a signal to die of.
  (void)std::signal(SIGPIPE, SIG_IGN);
#ifdef __GLIBC__
  // One heap for all threads: a board's memory is worth more than the contention of a handful of threads.
  (void)mallopt(M_ARENA_MAX, 1);  // NOLINT(concurrency-mt-unsafe): the first thread, alone
#endif
  scops::forbid_core_dumps();
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    scops::hide_arguments({argv + 1, argv + argc});
    std::vector<std::string> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
    const auto line = scops::parse_command_line(arguments, std::move(environment));
    if (!line) {
      scops::complain("scops: " + line.error().text);
      return 2;
    }
    return scops::run_command(*line);
  } catch (const std::exception& exception) {
    scops::complain(std::string("scops: BUG: ") + exception.what());
    return 1;
  }
}
