// The collector against real engines, started here: Debian's dockerd (Docker 20.10, API 1.41, whose one-shot
// takes a second) and podman.

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "collectors/pull/docker/docker.hpp"
#include "core/config/load.hpp"
#include "tests/collectors/recording_emit.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/container_engine.hpp"

using namespace scops;
using scops::docker::docker_section;
using scops::docker::DockerSettings;
using scops::test::ContainerEngine;
using scops::test::eventually;
using scops::test::RecordingEmit;
using scops::test::run_agent;

namespace {

constexpr const char* every_group =
    R"(["memory","cpu","cpu_percent","memory_working_set","memory_limit","network","block_io","pids","restarts",)"
    R"("health","exit_code","oom","states","image_size"])";

class Collecting {
 public:
  explicit Collecting(const ContainerEngine& engine) : section_(docker_section()) {
    const Loaded loaded =
        load(std::array{section_}, {.flags = {},
                                    .environment = {"DOCKER_SOCKET_PATH=" + engine.socket(),
                                                    "SCOPS_DOCKER_METRICS=" + std::string(every_group)},
                                    .file = {}});
    REQUIRE(loaded.problems.empty());
    auto made = docker::make_docker(*static_cast<const DockerSettings*>(section_.settings.get()),
                                    "scops/test", clock_);
    REQUIRE(made);
    collector_ = std::move(*made);
  }

  RecordingEmit capture() {
    RecordingEmit emit;
    const Status status = collector_->collect(emit);
    CAPTURE(status ? "" : status.error().text);
    REQUIRE(status);
    for (const auto& trouble : emit.troubles) CHECK(trouble.error.text.empty());
    return emit;
  }

 private:
  SystemClock clock_;
  Section section_;
  std::unique_ptr<PullCollector> collector_;
};

// What every engine has, and says in its own way.
void check_containers(ContainerEngine& engine) {
  engine.run("busy", "while :; do :; done", R"("NetworkMode":"none","Memory":67108864)");
  engine.run("failed", "exit 3", R"("NetworkMode":"none")");
  engine.run("listens", "sleep 1000 | nc -l -p 9 >/dev/null");
  engine.run("talks", "sleep 1; (dd if=/dev/zero bs=1000 count=100; sleep 1000) | nc " +
                          engine.address("listens") + " 9");
  Collecting collecting(engine);
  (void)collecting.capture();
  RecordingEmit emit;
  const auto arrived = [&] {
    emit = collecting.capture();
    return emit.value("docker.network.bytes.sent container:talks").value_or(0) > 100'000 &&
           emit.value("docker.network.bytes.recv container:listens").value_or(0) > 100'000 &&
           emit.value("docker.exit_code container:failed").has_value();
  };
  CHECK(eventually(arrived));
  CAPTURE(emit.lines);
  CHECK(emit.value("docker.memory.limit container:busy") == 67'108'864);
  CHECK(emit.value("docker.memory.usage container:busy").value_or(0) > 10'000);
  CHECK(emit.value("docker.memory.working_set container:busy").value_or(0) > 10'000);
  CHECK(emit.value("docker.cpu.usage container:busy").has_value());
  CHECK(emit.value("docker.pids container:busy") == 1);
  CHECK_FALSE(emit.value("docker.network.bytes.recv container:busy"));
  CHECK(emit.value("docker.network.bytes.recv container:talks").value_or(1e9) < 50'000);
  CHECK(emit.value("docker.network.bytes.recv container:listens").value_or(0) > 100'000);
  CHECK(emit.value("docker.exit_code container:failed") == 3);
  CHECK_FALSE(emit.value("docker.memory.usage container:failed"));
  CHECK(emit.value("docker.oom_killed container:busy") == 0);
  CHECK(emit.value("docker.restarts container:busy") == 0);
  CHECK(emit.value("docker.containers state:running") == 3);
  CHECK(emit.value("docker.containers state:exited") == 1);
  CHECK(emit.value("docker.image.size image:localhost/bb:latest").value_or(0) > 500'000);

  const auto is_busy = [&collecting] {
    const double percentage = collecting.capture().value("docker.cpu.percentage container:busy").value_or(0);
    return percentage > 1 && percentage < 130;  // it shares the machine with the other tests
  };
  CHECK(eventually(is_busy));

  if (!engine.pause("busy")) return;
  (void)collecting.capture();
  emit = collecting.capture();
  CHECK(emit.value("docker.containers state:paused") == 1);
  const auto percentage = emit.value("docker.cpu.percentage container:busy");
  CHECK(percentage == 0);
  engine.post("/containers/busy/unpause");
}

// `scops check`, as a user would.
void check_command(const ContainerEngine& engine) {
  const auto right = run_agent({.arguments = {"check", "docker"},
                                .environment = {{"DOCKER_SOCKET_PATH", "unix://" + engine.socket()}}});
  CHECK(right.status == 0);
  CHECK(right.out.find("Chouette.docker.memory.usage") != std::string::npos);
  CHECK(right.out.find("container:busy") != std::string::npos);

  // Somebody who may reach the socket, but not use it.
  for (std::filesystem::path at = engine.socket(); at.has_relative_path(); at = at.parent_path()) {
    if (at.string().find("scops-test-") != std::string::npos && std::filesystem::is_directory(at)) {
      REQUIRE(::chmod(at.c_str(), 0755) == 0);
    }
  }
  REQUIRE(::chmod(engine.socket().c_str(), 0660) == 0);
  const auto barred =
      run_agent({.arguments = {"check", "docker"},
                 .environment = {{"DOCKER_SOCKET_PATH", engine.socket()}, {"LOG_LEVEL", "ERROR"}},
                 .user = 65534});
  CHECK(barred.status == 1);
  CHECK(barred.err.find("permission denied: run scops with its group, ") != std::string::npos);
}

}  // namespace

TEST_CASE("docker: a real dockerd tells all that there is") {
  ContainerEngine engine(ContainerEngine::Kind::dockerd);
  if (!engine.ready()) return;
  check_containers(engine);

  engine.run("sick", "sleep 1000", R"("NetworkMode":"none")",
             R"("Healthcheck":{"Test":["CMD","/bin/false"],"Interval":1000000000,"Retries":1})");
  engine.run("hungry", "x=aaaaaaaa; while :; do x=$x$x; done", R"("NetworkMode":"none","Memory":16777216)");
  engine.run("again", "exit 1", R"("NetworkMode":"none","RestartPolicy":{"Name":"always"})");
  Collecting collecting(engine);
  RecordingEmit emit;
  const auto happened = [&] {
    emit = collecting.capture();
    return emit.value("docker.health container:sick").has_value() &&
           emit.value("docker.oom_killed container:hungry").value_or(0) > 0 &&
           emit.value("docker.restarts container:again").value_or(0) > 0;
  };
  CHECK(eventually(happened));
  CAPTURE(emit.lines);
  CHECK(emit.value("docker.health container:sick") == 0);
  CHECK(emit.value("docker.exit_code container:hungry") == 137);

  check_command(engine);
}

TEST_CASE("docker: a real podman tells all that it has") {
  ContainerEngine engine(ContainerEngine::Kind::podman);
  if (!engine.ready()) return;
  check_containers(engine);
  check_command(engine);
}
