// A name server of the test's own, and a /etc/resolv.conf that names it, seen by the programs that the test
// starts while it lives. Needs the right to mount (root); one at a time, used in one thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "core/io/files.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {

class DnsServer {
 public:
  DnsServer();
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  // False: no right to mount, say so; nothing is done then.
  [[nodiscard]] bool works() const { return works_; }

  // What it says of any name from now on: an IPv4 address, "" that there is none, "silent" nothing at all.
  void answer(std::string address);
  [[nodiscard]] int questions() const;

 private:
  void serve(const std::stop_token& stop);
  [[nodiscard]] std::string reply_to(std::string_view question);

  TempDir folder_;
  Fd socket_;
  Fd old_mounts_;
  bool works_ = false;
  mutable std::mutex mutex_;
  std::string answer_;
  int questions_ = 0;
  std::jthread thread_;
};

}  // namespace scops::test
