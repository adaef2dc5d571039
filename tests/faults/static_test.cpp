// The static program, build/static-amd64/scops, where it is meant to run: in a root that holds nothing but
// it, the authorities in one of the usual places, and the names of the network.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
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
#include "tests/support/redis_server.hpp"
#include "tests/support/shell.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

const std::string program = std::string(SCOPS_SOURCE_DIR) + "/build/static-amd64/scops";

// False, and said: it cannot be tried here. ./dev faults builds the program before.
bool can_try() {
  if (!fs::exists(program)) {
    WARN("NOT TESTED: no " << program << ": ./dev build static-amd64");
    return false;
  }
  if (::getuid() == 0) return true;
  const std::string lacking = "no right to mount: run this as root";
  WARN("NOT TESTED: " << lacking);
  if (std::getenv("CI") != nullptr) FAIL(lacking);
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
    const std::string command = fmt::format(
        "unshare --mount sh -c 'mount -t proc proc {0}/proc && mount --rbind /sys {0}/sys && exec env -i {1} "
        "{2} /usr/sbin/chroot {0} /scops run' >{0}/log 2>&1 </dev/null & echo $! >{0}/pid",
        root_.path(), variables, around);
    REQUIRE(std::system(command.c_str()) == 0);
    std::ifstream(path("pid")) >> pid_;
  }
  void stop() {
    if (pid_ > 0) (void)::kill(std::exchange(pid_, 0), SIGTERM);
  }
  [[nodiscard]] std::string log() const { return text_of(path("log")); }
  [[nodiscard]] bool says(const std::string& text) const {
    return eventually([&] { return log().find(text) != std::string::npos; });
  }

 private:
  TempDir root_;
  pid_t pid_ = 0;
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
