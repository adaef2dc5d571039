// The program as a container of its own would run it: a root that holds nothing but it, its libraries and the
// authorities, and that nobody can write to; user 65532; no capability; no network of its own.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/io/files.hpp"
#include "core/io/json.hpp"
#include "core/model/text.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/container_engine.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/shell.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

constexpr uid_t user = 65532;

// A tar of the root, given to the engine as the image "scops".
void make_image(ContainerEngine& engine) {
  const TempDir dir;
  const std::string command = fmt::format(
      "set -e; mkdir -p '{0}/root/usr/bin' '{0}/root/etc/ssl/certs' '{0}/root/var/lib' '{0}/root/proc'; "
      "strip -o '{0}/root/usr/bin/scops' '{1}'; "
      "cp -L /etc/ssl/certs/ca-certificates.crt '{0}/root/etc/ssl/certs/'; "
      "for file in $(ldd '{1}' | grep -o '/[^ ]*'); do cp -L --parents \"$file\" '{0}/root/'; done; "
      "tar -C '{0}/root' -cf '{0}/image.tar' .",
      dir.path(), SCOPS_BINARY);
  REQUIRE(std::system(command.c_str()) == 0);
  engine.post("/images/create?fromSrc=-&repo=localhost/scops",
              read_file(dir / "image.tar", 512U << 20U).value_or(""), "application/x-tar");
}

struct Container {
  std::string command = "run";
  std::string environment = {};  // members of a JSON list, each with a comma before it
  std::string volume = {};       // a folder of ours as /var/lib/scops
};

void start(ContainerEngine& engine, const std::string& name, const Container& container) {
  // Without a cap on memory: what a sanitizer takes is beyond any.
  std::string body = fmt::format(
      R"({{"Image":"localhost/scops","Cmd":["/usr/bin/scops","{}"],"User":"{}:{}",)"
      R"("Env":["SCOPS_HTTP_LISTEN=127.0.0.1:0","SCOPS_AGENT_MEMORY_MAX=0","CAPTURE_INTERVAL=1","AGGREGATE_INTERVAL=1"{}],)",
      container.command, user, user, container.environment);
  body += R"("HostConfig":{"ReadonlyRootfs":true,"CapDrop":["ALL"],"NetworkMode":"none",)";
  body += R"("SecurityOpt":["no-new-privileges"],"PidsLimit":64,"Memory":134217728)";
  if (!container.volume.empty()) body += R"(,"Binds":[")" + container.volume + R"(:/var/lib/scops"])";
  engine.post("/containers/create?name=" + name, body + "}}");
  engine.post("/containers/" + name + "/start");
}

std::string log_of(ContainerEngine& engine, const std::string& name) {
  return engine.get("/containers/" + name + "/logs?stdout=1&stderr=1");
}

int status_of(ContainerEngine& engine, const std::string& name) {
  const auto answer = JsonDoc::parse(engine.post("/containers/" + name + "/wait"));
  REQUIRE(answer);
  return static_cast<int>(answer->root()["StatusCode"].number().value_or(-1));
}

// It captures, says what it must, and stops with status 0.
std::string life(ContainerEngine& engine, const std::string& name, const Container& container) {
  start(engine, name, container);
  const bool works =
      eventually([&] { return log_of(engine, name).find("Chouette.host.memory.used") != std::string::npos; });
  engine.post("/containers/" + name + "/stop?t=10");
  const std::string log = log_of(engine, name);
  INFO(log.substr(0, 2000));
  CHECK(works);
  CHECK(status_of(engine, name) == 0);
  CHECK_THAT(log, Contains("event=stopped"));
  return log;
}

}  // namespace

TEST_CASE("as user 65532, without capabilities, with a read-only root", "[faults]") {
  ContainerEngine engine(ContainerEngine::Kind::dockerd);
  if (!engine.ready()) return;
  make_image(engine);

  start(engine, "check", {.command = "check"});
  CHECK(status_of(engine, "check") == 0);
  CHECK_THAT(log_of(engine, "check"), Contains("Chouette.host.cpu"));

  const TempDir state;
  REQUIRE(::chown(state.path().c_str(), user, user) == 0);
  const std::string stored = life(engine, "volume", {.volume = state.path()});
  CHECK_THAT(stored, Contains("buffer=embedded") && Contains("state=/var/lib/scops"));
  CHECK(count_of(stored, "level=warn") == 0);
  CHECK(fs::exists(state / "buffer.db"));

  const std::string memory = life(engine, "memory", {.environment = R"(,"SCOPS_BUFFER_TYPE=memory")"});
  CHECK(count_of(memory, "level=warn") == 0);
  const std::string lacking = life(engine, "lacking", {});
  CHECK(count_of(lacking, "event=memory_only") == 1);
  CHECK(count_of(lacking, "level=warn") == 1);

  record_fault({.area = "Least privilege",
                .promise = "an image needs no right and no writable root",
                .fault =
                    "user 65532, all capabilities dropped, read-only root: check, run with a volume, run "
                    "with a buffer in memory, run without either",
                .tried = 4,
                .outcome = "works; the last one says once that the buffer is in memory only"});
}

#ifndef SCOPS_SANITIZED  // they need threads of their own
TEST_CASE("an engine that forbids new threads is named, and what to do", "[faults]") {
  const TempDir state;
  const std::string said =
      output_of(fmt::format("SCOPS_AGENT_STATE='{}' SCOPS_HTTP_LISTEN=off python3 "
                            "'{}/tests/faults/old_kernel.py' --docker '{}' run; "
                            "echo \"status $?\"",
                            state.path(), SCOPS_SOURCE_DIR, SCOPS_BINARY));
  CHECK_THAT(said, Contains("no thread can be started: Operation not permitted") && Contains("20.10.10") &&
                       Contains("status 1") && !Contains("BUG"));
}
#endif

}  // namespace scops::test
