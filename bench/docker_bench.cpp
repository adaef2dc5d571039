// What one capture costs us, of few containers and of many: processor time and memory, against an engine in a
// child process that answers at once over a unix socket. Prints a table; fails when the first capture of 50
// takes more than 0.1 CPU second or 1 MB.

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "bench/processor_time.hpp"
#include "collectors/pull/docker/docker.hpp"
#include "core/config/load.hpp"
#include "core/io/files.hpp"
#include "core/io/http_client.hpp"
#include "core/model/text.hpp"
#include "core/runtime/stop.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using namespace scops;
using scops::bench::processor_seconds;
using scops::test::FakeEngine;

// As long as Docker's: about 1.5 kB an entry.
std::string list_body(int containers) {
  std::string body = "[";
  for (int i = 0; i < containers; ++i) {
    body += fmt::format(
        R"({}{{"Id":"{:064x}","Names":["/container-{}"],"Image":"registry.example/app:{}","ImageID":"sha256:{:064x}",)"
        R"("Command":"/entry","Created":1700000000,"Ports":[],"Labels":{{"filler":"{:x>900}",)"
        R"("com.docker.compose.project":"plant"}},"State":"running","Status":"Up 2 hours",)"
        R"("HostConfig":{{"NetworkMode":"default"}},"Mounts":[]}})",
        i == 0 ? "" : ",", i, i, i, i, "x");
  }
  return body + "]";
}

std::string stats_body() {
  std::string members;
  for (int i = 0; i < 40; ++i) members += fmt::format(R"("figure_{:02}":{},)", i, i * 123456);
  return R"({"read":"2026-11-20T09:21:23.849100355Z","preread":"0001-01-01T00:00:00Z","pids_stats":{"current":2},)"
         R"("blkio_stats":{"io_service_bytes_recursive":[]},"cpu_stats":{"cpu_usage":{"total_usage":949453043,)"
         R"("usage_in_kernelmode":30000000},"system_cpu_usage":1974970000000,"online_cpus":2},)"
         R"("memory_stats":{"usage":884736,"stats":{)" +
         members +
         R"("total_inactive_file":0},"limit":67108864},"networks":{"eth0":{"rx_bytes":1112,"tx_bytes":0}}})";
}

[[noreturn]] void serve(const std::string& path, int containers) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const std::string list = list_body(containers);
  const std::string stats = stats_body();
  const FakeEngine engine(path, [&](const std::string& target) -> FakeEngine::Answer {
    if (target.find("/version") != std::string::npos) return {.body = R"({"ApiVersion":"1.43"})"};
    return {.body = target.find("/stats") != std::string::npos ? stats : list};
  });
  for (;;) ::pause();
}

class CountingEmit final : public Emit {
 public:
  void metric(const Metric& /*metric*/) override { ++metrics; }
  void trouble(std::string_view /*part*/, const Error& error) override {
    fmt::print(stderr, "{}\n", error.text);
  }
  int metrics = 0;
};

// The most that was ever resident, kB.
double peak_kb() {
  const std::string status = read_file("/proc/self/status").value_or("");
  std::string_view rest = std::string_view(status).substr(status.find("VmHWM:") + 6);
  return to_number(next_word(rest)).value_or(0);
}

Status row(const std::string& socket, int containers) {
  const Section section = docker::docker_section();
  const std::string every =
      R"(["memory","cpu","cpu_percent","memory_working_set","memory_limit","network","pids"])";
  const Loaded loaded = load(
      std::array{section}, {.flags = {},
                            .environment = {"DOCKER_SOCKET_PATH=" + socket, "SCOPS_DOCKER_METRICS=" + every},
                            .file = {}});
  if (!loaded.problems.empty()) return Error{ErrorKind::bug, "options"};
  const SystemClock clock;
  const auto made =
      docker::make_docker(*static_cast<docker::DockerSettings*>(section.settings.get()), "bench", clock);
  if (!made) return made.error();
  CountingEmit emit;
  // The first request loads what the agent has anyway, for its output: curl and TLS.
  (void)HttpClient({}, "bench").perform({.url = "http://127.0.0.1:1/"}, {});
  const double memory = peak_kb();
  const double before = processor_seconds();
  if (Status status = (*made)->collect(emit); !status) return status;
  const double first = processor_seconds() - before;
  const double grown = peak_kb() - memory;
  const int metrics = emit.metrics;
  constexpr int captures = 20;
  const double began = processor_seconds();
  for (int i = 0; i < captures; ++i) {
    if (Status status = (*made)->collect(emit); !status) return status;
  }
  const double later = (processor_seconds() - began) / captures;
  fmt::print("| {} | {} | {:.2f} | {:.3f} | {:.1f} | {:.0f} |\n", containers, metrics, first * 1e3,
             later * 1e3, later / containers * 1e6, grown);
  if (containers == 50 && (first > 0.1 || grown > 1024)) return Error{ErrorKind::bug, "50 cost too much"};
  return Ok{};
}

// In a process of its own, whose peak of memory is that of this row.
int run(int containers) {
  const test::TempDir dir;
  const std::string socket = dir / "engine.sock";
  const pid_t engine = ::fork();
  if (engine == 0) serve(socket, containers);
  while (::access(socket.c_str(), F_OK) != 0) nap({}, std::chrono::milliseconds(5));
  const Status done = row(socket, containers);
  if (!done) fmt::print(stderr, "docker_bench: {}\n", done.error().text);
  (void)std::fflush(stdout);
  ::kill(engine, SIGKILL);
  ::waitpid(engine, nullptr, 0);
  return done ? 0 : 1;
}

}  // namespace

int main() try {
  fmt::print(
      "| containers | metrics | first capture, CPU ms | each further, CPU ms | us a container | peak growth "
      "kB |\n");
  fmt::print("|---|---|---|---|---|---|\n");
  (void)std::fflush(stdout);
  int result = 0;
  for (const int containers : {1, 10, 50, 100, 200}) {
    const pid_t child = ::fork();
    if (child == 0) return run(containers);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) result = 1;
  }
  return result;
} catch (const std::exception& exception) {
  (void)std::fputs(exception.what(), stderr);
  return 2;
}
