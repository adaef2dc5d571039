// scops run: the agent itself.
#include <fmt/format.h>

#include "agent/app.hpp"
#include "agent/commands/command.hpp"
#include "agent/signals.hpp"

namespace scops {

int run_agent(const CommandLine& line) {
  // Before the first thread exists, so that all inherit it.
  block_signals();
  Settings settings;
  if (!load_or_complain(settings, line)) return 2;
  auto app = App::make(settings);
  if (!app) {
    complain("scops: " + app.error().text);
    return app.error().kind == ErrorKind::refused ? 2 : 1;
  }
  return (*app)->run();
}

}  // namespace scops
