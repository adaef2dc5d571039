#include "tests/support/certificates.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "core/io/files.hpp"
#include "tests/support/spawn.hpp"

namespace scops::test {

pid_t start_openssl(const std::vector<std::string>& arguments, int out) {
  std::vector<std::string> words = {"openssl"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const Fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  return spawn(words, out, nowhere.get());
}

namespace {

void openssl(const std::vector<std::string>& arguments) {
  int status = -1;
  ::waitpid(start_openssl(arguments, STDERR_FILENO), &status, 0);
  if (status != 0)
    throw std::runtime_error("openssl " + arguments.front() + " failed, or there is no such program");
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
