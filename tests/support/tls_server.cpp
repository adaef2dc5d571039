#include "tests/support/tls_server.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <vector>

namespace scops::test {

TlsServer::TlsServer(Certificate certificate, bool ask_client) : certificates_(certificate) {
  if (ask_client) certificates_.make_client();
  start(ask_client);
}

TlsServer::~TlsServer() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void TlsServer::start(bool ask_client) {
  std::vector<std::string> arguments = {"s_server",    "-accept",
                                        "127.0.0.1:0", "-www",
                                        "-cert",       certificates_.server_cert(),
                                        "-key",        certificates_.server_key()};
  if (ask_client) {
    arguments.insert(arguments.end(), {"-Verify", "1", "-verify_return_error", "-CAfile", ca_file()});
  }
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  pid_ = start_openssl(arguments, pipe[1]);
  ::close(pipe[1]);
  // "ACCEPT 127.0.0.1:35181\n" after some other lines.
  std::string said;
  char c = 0;
  std::size_t accept = std::string::npos;
  while (accept == std::string::npos || said.back() != '\n') {
    if (::read(pipe[0], &c, 1) != 1) throw std::runtime_error("openssl s_server did not start: " + said);
    said += c;
    accept = said.find("ACCEPT ");
  }
  const std::size_t colon = said.find(':', accept);
  port_ = said.substr(colon + 1, said.size() - colon - 2);
  ::close(pipe[0]);
}

}  // namespace scops::test
