#include "tests/support/certificates.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

namespace scops::test {

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

namespace {

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

Certificates::Certificates(Certificate server) {
  make_authority();
  const std::string extensions = server == Certificate::other_name ? "other" : "loopback";
  const std::string from = server == Certificate::not_yet_valid ? "20990101000000Z" : "20200101000000Z";
  const std::string to = server == Certificate::expired ? "20200201000000Z" : "20991231000000Z";
  make_certificate("server", extensions, from, to);
}

void Certificates::make_client() const {
  make_certificate("client", "loopback", "20200101000000Z", "20991231000000Z");
}

void Certificates::make_authority() const {
  std::string text = configuration;
  text.replace(text.find("dir = ."), 7, "dir = " + folder_.path());
  std::ofstream(folder_ / "ca.cnf") << text;
  std::ofstream(folder_ / "index.txt").flush();
  std::ofstream(folder_ / "serial") << "01\n";
  openssl({"req", "-config", folder_ / "ca.cnf", "-extensions", "authority", "-x509", "-newkey", "ec",
           "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650", "-subj",
           "/CN=Scops test authority", "-keyout", folder_ / "ca.key", "-out", folder_ / "ca.pem"});
}

void Certificates::make_certificate(const std::string& name, const std::string& extensions,
                                    const std::string& from, const std::string& to) const {
  openssl({"req", "-config", folder_ / "ca.cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
           "-nodes", "-subj", "/CN=" + name, "-keyout", folder_ / (name + ".key"), "-out",
           folder_ / (name + ".csr")});
  openssl({"ca", "-batch", "-notext", "-config", folder_ / "ca.cnf", "-extensions", extensions, "-startdate",
           from, "-enddate", to, "-in", folder_ / (name + ".csr"), "-out", folder_ / (name + ".pem")});
}

}  // namespace scops::test
