#include "tests/support/fake_kubelet.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "tests/support/spawn.hpp"

namespace scops::test {
namespace {

constexpr const char* program = R"(
import http.server, ssl, sys
folder, cert, key, ca = sys.argv[1:]
class Kubelet(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        token = self.headers.get('Authorization', '')
        known = 'Bearer ' + open(folder + '/token').read()
        if token == 'Bearer forbidden': self.give(403, b'Forbidden')
        elif not self.connection.getpeercert() and token != known: self.give(401, b'Unauthorized')
        elif self.path.split('?')[0] != '/stats/summary': self.give(404, b'404 page not found')
        else: self.give(200, open(folder + '/summary', 'rb').read())
    def give(self, status, body):
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    def finish_request(self, request, address):
        self.RequestHandlerClass(tls.wrap_socket(request, server_side=True), address, self)
    def handle_error(self, request, address): pass
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(cert, key)
tls.load_verify_locations(ca)
tls.verify_mode = ssl.CERT_OPTIONAL
server = Server(('127.0.0.1', 0), Kubelet)
print(server.server_port, flush=True)
server.serve_forever()
)";

}  // namespace

FakeKubelet::FakeKubelet(const std::string& summary, Certificate certificate) : certificates_(certificate) {
  certificates_.make_client();
  std::ofstream(folder_ / "summary") << summary;
  accept_token("nobody has it");
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  pid_ = spawn({"python3", "-c", program, folder_.path(), certificates_.server_cert(),
                certificates_.server_key(), certificates_.ca_file()},
               pipe[1], STDERR_FILENO);
  ::close(pipe[1]);
  std::string said;
  for (char c = 0; ::read(pipe[0], &c, 1) == 1 && c != '\n';) said += c;
  ::close(pipe[0]);
  port_ = std::atoi(said.c_str());
  if (port_ == 0) throw std::runtime_error("these tests need the program python3 (package python3)");
}

FakeKubelet::~FakeKubelet() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void FakeKubelet::accept_token(const std::string& token) const { std::ofstream(folder_ / "token") << token; }

}  // namespace scops::test
