// The static program, build/static-amd64/scops, where it is meant to run: in a root that holds nothing but
// it, the authorities in one of the usual places, and the names of the network.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "core/io/files.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/dns_server.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/shell.hpp"
#include "tests/support/spawn.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

const std::string program = std::string(SCOPS_SOURCE_DIR) + "/build/static-amd64/scops";

// False, and said: it cannot be tried here. ./dev faults and .ci/static build the program before, and say so.
bool can_try() {
  const bool built = fs::exists(program);
  if (built && ::getuid() == 0) return true;
  if (built) {
    not_tested("no right to mount (root)");
  } else if (std::getenv("SCOPS_PACKAGES") != nullptr) {
    not_tested("no " + program);
  } else {
    left_out("no " + program + ": ./dev build static-amd64");
  }
  return false;
}

std::string text_of(const std::string& file) { return read_file(file, 16U << 20U).value_or(""); }

// A folder to be the root of one program, started with these variables and no others.
class BareRoot {
 public:
  BareRoot() {
    for (const char* const folder : {"proc", "sys", "state", "etc/ssl"}) fs::create_directories(path(folder));
    fs::copy_file(program, path("scops"));
  }
  ~BareRoot() { stop(); }
  BareRoot(const BareRoot&) = delete;
  BareRoot& operator=(const BareRoot&) = delete;

  [[nodiscard]] std::string path(const std::string& file) const { return root_ / file; }
  void write(const std::string& file, const std::string& text) const { std::ofstream(path(file)) << text; }

  // `around`: a command that runs the rest of its line.
  void start(const std::string& variables, const std::string& around = "") {
    const std::string script = fmt::format(
        "mount -t proc proc {0}/proc && mount --rbind /sys {0}/sys && exec env -i {1} {2} /usr/sbin/chroot "
        "{0} "
        "/scops run",
        root_.path(), variables, around);
    pid_ = spawn({"unshare", "--mount", "sh", "-c", script}, path("log"));
  }
  void stop() {
    const pid_t pid = std::exchange(pid_, 0);
    if (pid <= 0) return;
    ::kill(pid, SIGTERM);
    if (eventually([pid] { return ::waitpid(pid, nullptr, WNOHANG) != 0; })) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  [[nodiscard]] std::string log() const { return text_of(path("log")); }
  [[nodiscard]] bool says(const std::string& text) const {
    return eventually([&] { return log().find(text) != std::string::npos; });
  }

 private:
  TempDir root_;
  pid_t pid_ = 0;
};

// What `scops buffer show` says in a root with these name servers, of a Redis that has a name.
std::string asked_for_cache(const BareRoot& root, const std::string& name_servers, int port) {
  root.write("etc/resolv.conf", name_servers);
  return output_of(
      fmt::format("env -i REDIS_HOST=cache.example REDIS_PORT={} SCOPS_REDIS_CONNECT_TIMEOUT=2s "
                  "SCOPS_AGENT_STATE=/state /usr/sbin/chroot '{}' /scops buffer show",
                  port, root.path("")));
}

// A name server that takes questions and never answers.
class SilentNameServer {
 public:
  SilentNameServer() {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(53);
    REQUIRE(::inet_pton(AF_INET, address.c_str(), &at.sin_addr) == 1);
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  }
  // Beside those of DnsServer, and of tests that run at the same time.
  const std::string address = fmt::format("127.53.{}.{}", 251 + ::getpid() / 250 % 4, ::getpid() % 250 + 1);

 private:
  Fd socket_{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

// tls_front.py before a plain server; ends with this.
class TlsFront {
 public:
  TlsFront(const Certificates& certificates, int port) {
    pipe_ = ::popen(fmt::format("exec /usr/bin/python3 '{}/tests/faults/tls_front.py' '{}' '{}' {} >'{}'",
                                SCOPS_SOURCE_DIR, certificates.server_cert(), certificates.server_key(), port,
                                folder_ / "port")
                        .c_str(),
                    "we");
    REQUIRE(pipe_ != nullptr);
    REQUIRE(eventually([this] { return text_of(folder_ / "port").ends_with('\n'); }));
    std::ifstream(folder_ / "port") >> port_;
  }
  ~TlsFront() { ::pclose(pipe_); }
  TlsFront(const TlsFront&) = delete;
  TlsFront& operator=(const TlsFront&) = delete;

  [[nodiscard]] int port() const { return port_; }

 private:
  TempDir folder_;
  FILE* pipe_ = nullptr;
  int port_ = 0;
};

}  // namespace

TEST_CASE("the static program needs nothing of its root", "[faults]") {
  if (!can_try()) return;
  const std::string elf =
      output_of("readelf --wide --file-header --program-headers --dynamic --notes '" + program + "'");
  INFO(elf);
  CHECK_THAT(elf, Contains("DYN (Position-Independent Executable file)") && !Contains("INTERP"));
  CHECK_THAT(elf, !Contains("(NEEDED)") && !Contains("(TEXTREL)") && Contains("GNU_RELRO"));
  CHECK_THAT(elf, Contains("NOW PIE") && !Contains("RWE") && Contains("OS: Linux, ABI: 3.2.0"));
  CHECK(fs::file_size(program) < 8'000'000);

  const BareRoot root;
  const std::string said =
      output_of(fmt::format("env -i /usr/sbin/chroot '{}' /scops version", root.path("")));
  CHECK_THAT(said, Contains("scops "));
}

TEST_CASE("the static program finds hosts and authorities without the C library's plug-ins", "[faults]") {
  if (!can_try()) return;
  DnsServer dns;
  REQUIRE(dns.works());
  dns.answer("127.0.0.1");
  const Certificates certificates(Certificate::other_name);  // elsewhere.example
  HttpSink sink;
  const TlsFront front(certificates, sink.port());
  const RedisServer redis;

  BareRoot root;
  root.write("etc/resolv.conf", text_of("/etc/resolv.conf") + "search example\n");
  root.write("etc/hosts", "127.0.0.1 cache\n");
  fs::copy_file(certificates.ca_file(), root.path("etc/ssl/cert.pem"));
  root.start(
      fmt::format("API_KEY=0123456789abcdef DATADOG_URL=https://elsewhere.example:{} REDIS_HOST=cache "
                  "REDIS_PORT={} CAPTURE_INTERVAL=1s AGGREGATE_INTERVAL=1s RELEASE_INTERVAL=1s "
                  "SCOPS_AGENT_STATE=/state SCOPS_HTTP_LISTEN=off",
                  front.port(), redis.port()));
  const bool sent = eventually([&] { return !sink.requests().empty(); });
  INFO(root.log());
  CHECK(sent);
  CHECK(dns.questions() > 0);
  CHECK_THAT(root.log(), Contains("buffer=redis") && !Contains("level=warn"));
  root.stop();
  CHECK(root.says("event=stopped"));

  BareRoot lost;  // without authorities
  lost.write("etc/resolv.conf", text_of("/etc/resolv.conf"));
  lost.start(
      fmt::format("API_KEY=0123456789abcdef DATADOG_URL=https://elsewhere.example:{} "
                  "CAPTURE_INTERVAL=1s AGGREGATE_INTERVAL=1s RELEASE_INTERVAL=1s "
                  "SCOPS_AGENT_STATE=/state SCOPS_HTTP_LISTEN=off",
                  front.port()));
  CHECK(lost.says("this machine knows none at all"));
  INFO(lost.log());

  record_fault(
      {.area = "A bare root",
       .promise = "one file and the authorities are all that is needed",
       .fault = "a root without libraries, shell, name service: delivery over TLS by name, Redis by name",
       .tried = 2,
       .outcome = "delivered; without authorities a message says what is missing"});
}

TEST_CASE("the static program asks the next name server, and waits for none longer than it may", "[faults]") {
  using std::chrono::steady_clock;
  if (!can_try()) return;
  DnsServer dns;
  REQUIRE(dns.works());
  const SilentNameServer silent;
  const std::string silent_one = "nameserver " + silent.address + "\n";
  const std::string own = text_of("/etc/resolv.conf");
  const RedisServer redis;
  const BareRoot root;

  dns.answer("127.0.0.1");
  CHECK_THAT(asked_for_cache(root, silent_one + own, redis.port()), Contains("0 blocks"));
  CHECK(dns.questions() > 0);
  dns.answer("");
  CHECK_THAT(asked_for_cache(root, own, redis.port()), Contains("name not found"));
  const auto before = steady_clock::now();
  CHECK_THAT(asked_for_cache(root, silent_one, redis.port()), Contains("name server does not answer"));
  CHECK(steady_clock::now() - before < std::chrono::seconds(4));  // its tries would take 10 s
  CHECK_THAT(asked_for_cache(root, "nameserver 127.53.255.255\n", redis.port()),
             Contains("name server does not answer"));
  record_fault({.area = "A bare root",
                .promise = "names are asked for in time",
                .fault = "a name server that is silent, one that is not there, a name that there is not",
                .tried = 4,
                .outcome = "the next one is asked; an error in words within the time for a connection"});
}

// The C library in it tries what is new and has to do without; what we call ourselves is as old as that
// kernel.
TEST_CASE("the static program needs no system call that Linux 4.9 lacks", "[faults]") {
  if (!can_try()) return;
  const HttpSink sink;
  BareRoot root;
  root.start(fmt::format("API_KEY=0123456789abcdef DATADOG_URL={} CAPTURE_INTERVAL=1s AGGREGATE_INTERVAL=1s "
                         "RELEASE_INTERVAL=1s SCOPS_AGENT_STATE=/state SCOPS_HTTP_LISTEN=127.0.0.1:0",
                         sink.url()),
             fmt::format(R"(/usr/bin/python3 "{}/tests/faults/old_kernel.py")", SCOPS_SOURCE_DIR));
  const bool sent = eventually([&] { return sink.requests().size() > 2; });
  INFO(root.log());
  CHECK(sent);
  CHECK_THAT(root.log(), Contains("buffer=embedded") && !Contains("level=warn"));
  root.stop();
  CHECK(root.says("event=stopped"));
  record_fault({.area = "A bare root",
                .promise = "the oldest kernel is 4.9",
                .fault = "every system call that came after it answers ENOSYS",
                .tried = 1,
                .outcome = "collected, buffered, delivered"});
}

}  // namespace scops::test
