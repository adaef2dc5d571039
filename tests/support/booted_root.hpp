// A small Debian that is booted with a real systemd, in systemd-nspawn: for tests of the unit. Its root is
// made once, with the libraries that the program links (packages mmdebstrap and systemd-container; apt's
// mirror), and kept in the build folder; what a boot changes in it is gone with the boot. The network is the
// host's.
//
//   BootedRoot root({{"/path/here", "/path/there"}});
//   if (!root.ready()) return;  // said why; failed in CI
//   root.run("systemctl start scops");
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/temp_dir.hpp"

namespace scops::test {

class BootedRoot {
 public:
  using Binds = std::vector<std::pair<std::string, std::string>>;  // read-only: here, there

  // Where it cannot be, says loudly why and what to install; with CI in the environment that is a failure.
  // Another `suite` of Debian than this machine's has no library for the program: for static ones.
  explicit BootedRoot(const Binds& binds, const std::string& suite = "");
  ~BootedRoot();  // powers it off by force
  BootedRoot(const BootedRoot&) = delete;
  BootedRoot& operator=(const BootedRoot&) = delete;

  [[nodiscard]] bool ready() const { return ready_; }

  // A shell command in it: what it prints, on both streams.
  std::string run(const std::string& command) const;
  void write(const std::string& path, const std::string& content) const;
  // Of a process whose number in there is known; 0 when there is none.
  [[nodiscard]] pid_t outer_pid(const std::string& inner) const;

 private:
  [[nodiscard]] std::string start(const Binds& binds, const std::string& suite);

  TempDir folder_;
  pid_t pid_ = -1;   // nspawn
  pid_t init_ = -1;  // its process 1, seen from outside
  bool ready_ = false;
};

}  // namespace scops::test
