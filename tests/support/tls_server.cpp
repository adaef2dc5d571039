#include "tests/support/tls_server.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace scops::test {
namespace {

// Starts `openssl arguments...` with standard output on `out`; errors go to the null device.
pid_t start_openssl(const std::vector<std::string>& arguments, int out) {
  std::vector<std::string> words = {"openssl"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, "openssl", &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("these tests need the program openssl");
  return pid;
}

void openssl(const std::vector<std::string>& arguments) {
  int status = -1;
  ::waitpid(start_openssl(arguments, STDERR_FILENO), &status, 0);
  if (status != 0) throw std::runtime_error("openssl " + arguments.front() + " failed");
}

constexpr const char* configuration = R"([ca]
default_ca = here
[here]
dir = .
database = $dir/index.txt
serial = $dir/serial
new_certs_dir = $dir
certificate = $dir/ca.pem
private_key = $dir/ca.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:true
[loopback]
subjectAltName = IP:127.0.0.1
[other]
subjectAltName = DNS:elsewhere.example
)";

}  // namespace

TlsServer::TlsServer(Certificate certificate, bool ask_client) {
  make_authority();
  const std::string extensions = certificate == Certificate::other_name ? "other" : "loopback";
  const std::string from = certificate == Certificate::not_yet_valid ? "20990101000000Z" : "20200101000000Z";
  const std::string to = certificate == Certificate::expired ? "20200201000000Z" : "20991231000000Z";
  make_certificate("server", extensions, from, to);
  if (ask_client) make_certificate("client", "loopback", "20200101000000Z", "20991231000000Z");
  start(ask_client);
}

TlsServer::~TlsServer() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void TlsServer::make_authority() const {
  std::string text = configuration;
  text.replace(text.find("dir = ."), 7, "dir = " + folder_.path());
  std::ofstream(folder_ / "ca.cnf") << text;
  std::ofstream(folder_ / "index.txt").flush();
  std::ofstream(folder_ / "serial") << "01\n";
  openssl({"req", "-config", folder_ / "ca.cnf", "-extensions", "authority", "-x509", "-newkey", "ec",
           "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650", "-subj",
           "/CN=Scops test authority", "-keyout", folder_ / "ca.key", "-out", folder_ / "ca.pem"});
}

void TlsServer::make_certificate(const std::string& name, const std::string& extensions,
                                 const std::string& from, const std::string& to) const {
  openssl({"req", "-config", folder_ / "ca.cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
           "-nodes", "-subj", "/CN=" + name, "-keyout", folder_ / (name + ".key"), "-out",
           folder_ / (name + ".csr")});
  openssl({"ca", "-batch", "-notext", "-config", folder_ / "ca.cnf", "-extensions", extensions, "-startdate",
           from, "-enddate", to, "-in", folder_ / (name + ".csr"), "-out", folder_ / (name + ".pem")});
}

void TlsServer::start(bool ask_client) {
  std::vector<std::string> arguments = {"s_server",    "-accept",
                                        "127.0.0.1:0", "-www",
                                        "-cert",       folder_ / "server.pem",
                                        "-key",        folder_ / "server.key"};
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
