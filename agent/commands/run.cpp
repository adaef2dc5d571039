// scops run: the agent itself.
#include <fmt/format.h>

#include <system_error>

#include "agent/app.hpp"
#include "agent/commands/command.hpp"
#include "agent/signals.hpp"
#include "core/runtime/log.hpp"

namespace scops {

namespace {

int run_app(const Settings& settings) {
  auto app = App::make(settings);
  if (!app) {
    complain("scops: " + app.error().text);
    return app.error().kind == ErrorKind::refused ? 2 : 1;
  }
  return (*app)->run();
}

// The standard library throws these two when there is no thread to be had.
bool lacks_thread(const std::system_error& error) {
  return error.code() == std::errc::operation_not_permitted ||
         error.code() == std::errc::resource_unavailable_try_again;
}

std::string why_no_thread(const std::system_error& error) {
  const bool forbidden = error.code() == std::errc::operation_not_permitted;
  return fmt::format("scops: no thread can be started: {}; {}", error.code().message(),
                     forbidden ? "is it a filter of system calls that forbids clone3? Docker's does before "
                                 "20.10.10: use a newer one, or --security-opt seccomp=unconfined"
                               : "is it the limit of a container, of a service (TasksMax) or of a user?");
}

}  // namespace

int run_agent(const CommandLine& line) {
  // Before the first thread exists, so that all inherit it.
  block_signals();
  Settings settings;
  if (!load_or_complain(settings, line)) return 2;
  if (line.as_chouette) log::info("agent", "as_chouette", {{"command", "python3 -m chouette_iot"}});
  try {
    return run_app(settings);
  } catch (const std::system_error& error) {
    if (!lacks_thread(error)) throw;
    complain(why_no_thread(error));
    return 1;
  }
}

}  // namespace scops
