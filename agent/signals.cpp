#include "agent/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <string>

#include "core/runtime/log.hpp"

namespace scops {
namespace {

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

}  // namespace

void block_signals() {
  const sigset_t set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Fd open_signals() {
  const sigset_t set = handled_signals();
  return Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

bool stop_signal(const Fd& signals) {
  signalfd_siginfo info{};
  bool stop = false;
  while (::read(signals.get(), &info, sizeof info) == sizeof info) {
    const std::string name = sigabbrev_np(static_cast<int>(info.ssi_signo));
    if (info.ssi_signo == SIGHUP) {
      log::info("agent", "signal_ignored",
                {{"signal", name}, {"hint", "restart to read the configuration again"}});
    } else {
      log::info("agent", "stopping", {{"signal", name}});
      stop = true;
    }
  }
  return stop;
}

}  // namespace scops
