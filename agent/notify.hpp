// What systemd wants to hear of a service of Type=notify: sd_notify(3) without its library, a line of text to
// the datagram socket that $NOTIFY_SOCKET names. Where there is none, nothing happens. Main thread.
#pragma once

#include <string>
#include <string_view>

#include "core/config/option.hpp"
#include "core/io/files.hpp"

namespace scops {

class Notify {
 public:
  // Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. Before there are threads.
  Notify();

  void ready() const { tell("READY=1"); }
  void stopping() const { tell("STOPPING=1"); }
  // One line for `systemctl status`.
  void status(std::string_view text) const;
  void alive() const { tell("WATCHDOG=1"); }

  // systemd ends us when it hears no alive() for this long; 0: it does not wait for any.
  [[nodiscard]] Duration watchdog() const { return watchdog_; }

 private:
  void tell(std::string_view line) const;

  std::string address_;  // of the socket; an abstract one begins with a 0 byte
  Fd socket_;
  Duration watchdog_{0};
};

}  // namespace scops
