// The collector against engines that do what real ones rarely do when a test looks.

#include "collectors/pull/docker/docker.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <map>
#include <string>

#include "core/config/load.hpp"
#include "tests/collectors/recording_emit.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tls_server.hpp"

using namespace std::chrono_literals;
using namespace scops;
using scops::docker::docker_section;
using scops::docker::DockerSettings;
using scops::docker::make_docker;
using scops::test::FakeEngine;
using scops::test::RecordingEmit;
using scops::test::TempDir;
using Answer = FakeEngine::Answer;

namespace {

const SystemClock system_clock;

// The defaults, which the option table knows.
DockerSettings settings_for(const std::string& socket, TextList metrics = {"memory", "cpu"}) {
  const Section section = docker_section();
  const Loaded loaded = load(std::array{section}, {.flags = {}, .environment = {}, .file = {}});
  REQUIRE(loaded.problems.empty());
  DockerSettings settings = *static_cast<const DockerSettings*>(section.settings.get());
  settings.socket = socket;
  settings.metrics = std::move(metrics);
  return settings;
}

constexpr const char* version_41 = R"({"ApiVersion":"1.41","MinAPIVersion":"1.12","Version":"20.10.24"})";
constexpr const char* two = R"([{"Id":"aa","Names":["/web"],"State":"running"},
                               {"Id":"bb","Names":["/db"],"State":"paused"}])";
constexpr const char* usual_stats = R"({"read":"2026-11-20T09:21:23Z","memory_stats":{"usage":7},
    "cpu_stats":{"cpu_usage":{"total_usage":5,"usage_in_kernelmode":3},"system_cpu_usage":9,"online_cpus":1}})";

// An engine with two containers, and what a test wants otherwise: by part of the target.
class Usual {
 public:
  explicit Usual(std::map<std::string, Answer> otherwise = {})
      : otherwise_(std::move(otherwise)),
        engine_(dir_ / "s", [this](const std::string& t) { return answer(t); }) {}

  [[nodiscard]] std::string socket() const { return dir_ / "s"; }
  [[nodiscard]] FakeEngine& engine() { return engine_; }

 private:
  Answer answer(const std::string& target) const {
    for (const auto& [part, answer] : otherwise_) {
      if (target.find(part) != std::string::npos) return answer;
    }
    if (target.find("/version") != std::string::npos) return {.body = version_41};
    if (target.find("/containers/json") != std::string::npos) return {.body = two};
    if (target.find("/stats") != std::string::npos) return {.body = usual_stats};
    return {.status = 404, .body = R"({"message":"page not found"})"};
  }

  std::map<std::string, Answer> otherwise_;
  TempDir dir_;
  FakeEngine engine_;
};

struct Captured {
  Status status;
  RecordingEmit emit;
};

Captured capture(PullCollector& collector) {
  RecordingEmit emit;
  Status status = collector.collect(emit);
  return {std::move(status), std::move(emit)};
}

Captured capture(const DockerSettings& settings) {
  auto collector = make_docker(settings, "scops/test", system_clock);
  REQUIRE(collector);
  return capture(**collector);
}

std::string error_of(const Captured& captured) { return captured.status ? "" : captured.status.error().text; }

}  // namespace

TEST_CASE("docker: by default two metrics a container are sent, and nothing more is asked than they need") {
  Usual usual;
  const Captured captured = capture(settings_for(usual.socket()));
  CHECK(captured.status);
  CHECK(captured.emit.value("docker.memory.usage container:web") == 7);
  CHECK(captured.emit.value("docker.cpu.usage container:db") == 3);
  CHECK(captured.emit.lines.size() == 4);
  CHECK(captured.emit.troubles.empty());
  CHECK(usual.engine().targets().size() == 4);
  CHECK(usual.engine().asked("/v1.41/containers/json") == 1);
  CHECK(usual.engine().asked("/v1.41/containers/aa/stats?stream=false&one-shot=true") == 1);
}

TEST_CASE("docker: the version is asked for once, and is one that both sides speak") {
  const auto [told, prefix] = GENERATE(table<std::string, std::string>({
      {R"({"ApiVersion":"1.30","MinAPIVersion":"1.12"})", "/v1.30/"},
      {R"({"ApiVersion":"1.55","MinAPIVersion":"1.40"})", "/v1.44/"},
      {R"({"ApiVersion":"1.60","MinAPIVersion":"1.52"})", "/v1.52/"},
      {R"({"ApiVersion":"1.24"})", "/v1.24/"},
      {R"({"ApiVersion":"2.0"})", "/containers/json"},
      {R"([])", "/containers/json"},
  }));
  Usual usual({{"/version", {.body = told}}});
  const DockerSettings settings = settings_for(usual.socket());
  auto collector = make_docker(settings, "scops/test", system_clock);
  REQUIRE(collector);
  CHECK(capture(**collector).status);
  CHECK(capture(**collector).status);
  CHECK(usual.engine().asked("/version") == 1);
  CHECK(usual.engine().targets().at(1).starts_with(prefix));
}

TEST_CASE("docker: an engine without one-shot is asked for two readings") {
  Usual usual({{"/version", {.body = R"({"ApiVersion":"1.40"})"}}});
  CHECK(capture(settings_for(usual.socket())).status);
  CHECK(usual.engine().asked("one-shot") == 0);
  CHECK(usual.engine().asked("stats?stream=false") == 2);
}

TEST_CASE("docker: an engine that is too old is named") {
  Usual usual({{"/version", {.body = R"({"ApiVersion":"1.18"})"}}});
  CHECK(error_of(capture(settings_for(usual.socket()))) ==
        "the engine speaks API 1.18, 1.19 is the oldest that is understood");
}

TEST_CASE("docker: a proxy that forbids the version is asked without one") {
  Usual usual({{"/version", {.status = 403, .body = "forbidden"}}});
  CHECK(capture(settings_for(usual.socket())).status);
  CHECK(usual.engine().targets().at(1) == "/containers/json");
}

TEST_CASE("docker: an engine that was replaced by a newer one is asked for its version again") {
  const TempDir dir;
  std::atomic<bool> newer = false;
  FakeEngine engine(dir / "s", [&newer](const std::string& target) -> Answer {
    if (target == "/version")
      return {.body = newer ? R"({"ApiVersion":"1.44"})" : R"({"ApiVersion":"1.24"})"};
    if (newer && target.starts_with("/v1.24")) return {.status = 400, .body = R"({"message":"too old"})"};
    return {.body = "[]"};
  });
  const DockerSettings settings = settings_for(dir / "s");
  auto collector = make_docker(settings, "scops/test", system_clock);
  CHECK(capture(**collector).status);
  newer = true;
  CHECK(capture(**collector).status);
  CHECK(engine.targets().back() == "/v1.44/containers/json");
}

TEST_CASE("docker: containers that end between the list and their stats are no trouble") {
  const Answer gone =
      GENERATE(Answer{.status = 404, .body = R"({"message":"No such container: aa"})"},
               Answer{.status = 409, .body = R"({"message":"is not running"})"}, Answer{.body = ""},
               Answer{.body = R"({"read":"0001-01-01T00:00:00Z","cpu_stats":{}})"});
  Usual usual({{"/aa/stats", gone}});
  const Captured captured = capture(settings_for(usual.socket()));
  CHECK(captured.status);
  CHECK(captured.emit.troubles.empty());
  CHECK(captured.emit.lines.size() == 2);
  CHECK(captured.emit.value("docker.memory.usage container:db") == 7);
}

TEST_CASE("docker: a container of which nothing can be had costs the others nothing") {
  const Answer bad =
      GENERATE(Answer{.status = 500, .body = R"({"message":"boom"})"}, Answer{.body = "{"},
               Answer{.body = "[]"}, Answer{.body = R"({"message":"x"})"}, Answer{.hang_up = true},
               Answer{.body = "", .cut = true}, Answer{.body = std::string(300'000, ' ')});
  Usual usual({{"/aa/stats", bad}});
  const Captured captured = capture(settings_for(usual.socket()));
  CHECK(captured.status);
  REQUIRE(captured.emit.troubles.size() == 1);
  CHECK(captured.emit.troubles[0].error.text.starts_with("web: "));
  CHECK(captured.emit.value("docker.memory.usage container:db") == 7);
}

TEST_CASE("docker: what has not answered at the deadline is left out") {
  Usual usual({{"/aa/stats", {.after = 20s}}});
  DockerSettings settings = settings_for(usual.socket());
  settings.timeout = 400ms;
  const Captured captured = capture(settings);
  CHECK(captured.status);
  CHECK(captured.emit.value("docker.memory.usage container:db") == 7);
  REQUIRE(captured.emit.troubles.size() == 1);
  CHECK(captured.emit.troubles[0].error.text == "web: timeout: no answer");
}

TEST_CASE("docker: an engine that hangs ends a capture at its deadline") {
  Usual usual({{"/", {.after = 20s}}});
  DockerSettings settings = settings_for(usual.socket());
  settings.timeout = 200ms;
  CHECK(error_of(capture(settings)).ends_with("timeout: no answer"));
}

TEST_CASE("docker: containers are asked side by side") {
  Usual usual({{"/stats", {.body = usual_stats, .after = 100ms}}});
  CHECK(capture(settings_for(usual.socket())).status);
  CHECK(usual.engine().most_at_once() == 2);
}

TEST_CASE("docker: containers left out by name are never asked about") {
  Usual usual;
  DockerSettings settings = settings_for(usual.socket(), {"memory", "restarts", "states"});
  settings.containers_exclude = {"w*"};
  const Captured captured = capture(settings);
  CHECK(usual.engine().asked("/aa/") == 0);
  CHECK(captured.emit.value("docker.containers state:running") == 0);
  CHECK(captured.emit.value("docker.containers state:paused") == 1);
}

TEST_CASE("docker: more containers than wanted are left out with a warning") {
  Usual usual;
  DockerSettings settings = settings_for(usual.socket());
  settings.containers_max = 1;
  const Captured captured = capture(settings);
  CHECK(captured.emit.lines.size() == 2);
  REQUIRE(captured.emit.troubles.size() == 1);
  CHECK(captured.emit.troubles[0].error.text == "1 containers are beyond SCOPS_DOCKER_CONTAINERS_MAX");
}

TEST_CASE("docker: with one-shot the percentage is that since the last capture, from the second on") {
  const TempDir dir;
  std::atomic<int> reading = 0;
  FakeEngine engine(dir / "s", [&reading](const std::string& target) -> Answer {
    if (target == "/version") return {.body = version_41};
    if (target.find("/containers/json") != std::string::npos)
      return {.body = R"([{"Id":"a","State":"running"}])"};
    const int now = ++reading;
    return {.body = fmt::format(R"({{"read":"2026-11-20T09:00:0{}Z","preread":"0001-01-01T00:00:00Z",
        "cpu_stats":{{"cpu_usage":{{"total_usage":{}}},"system_cpu_usage":{},"online_cpus":2}},
        "precpu_stats":{{"cpu_usage":{{"total_usage":0}}}}}})",
                                now, now == 3 ? 1 : now * 100, now * 1000)};
  });
  const DockerSettings settings = settings_for(dir / "s", {"cpu_percent"});
  auto collector = make_docker(settings, "scops/test", system_clock);
  CHECK(capture(**collector).emit.lines.empty());
  CHECK(capture(**collector).emit.lines ==
        std::vector<std::string>{"docker.cpu.percentage container:a = 20"});
  CHECK(capture(**collector).emit.lines.empty());  // it was started anew: its counter fell
}

TEST_CASE("docker: podman's percentage is by our own clock, wherever that of the engine is set to") {
  const TempDir dir;
  std::atomic<int> reading = 0;
  FakeEngine engine(dir / "s", [&reading](const std::string& target) -> Answer {
    if (target == "/version") return {.body = version_41};
    if (target.find("/containers/json") != std::string::npos)
      return {.body = R"([{"Id":"a","State":"running"}])"};
    const int now = reading++;
    constexpr std::array hours{12, 11, 23};
    return {.body = fmt::format(R"({{"read":"2026-11-20T{}:00:00Z",
        "cpu_stats":{{"cpu":1,"cpu_usage":{{"total_usage":{}}},"system_cpu_usage":{},"online_cpus":2}}}})",
                                hours.at(static_cast<std::size_t>(now)), now * 5'000'000'000, now)};
  });
  const DockerSettings settings = settings_for(dir / "s", {"cpu_percent"});
  test::FakeClock clock;
  auto collector = make_docker(settings, "scops/test", clock);
  CHECK(capture(**collector).emit.lines.empty());
  for (const char* step : {"back", "ahead"}) {
    CAPTURE(step);
    clock.advance(10'000);
    CHECK(capture(**collector).emit.lines ==
          std::vector<std::string>{"docker.cpu.percentage container:a = 50"});
  }
}

TEST_CASE("docker: inspections are asked for on demand, of stopped containers too") {
  Usual usual(
      {{"/containers/json?all=1", {.body = R"([{"Id":"aa","Names":["/web"],"State":"exited"}])"}},
       {"/aa/json",
        {.body = R"({"RestartCount":2,"State":{"Status":"exited","ExitCode":3,"OOMKilled":true}})"}}});
  const Captured captured =
      capture(settings_for(usual.socket(), {"memory", "restarts", "exit_code", "oom", "health"}));
  CHECK(captured.emit.lines == std::vector<std::string>{"docker.restarts container:web = 2",
                                                        "docker.exit_code container:web = 3",
                                                        "docker.oom_killed container:web = 1"});
  CHECK(usual.engine().asked("/stats") == 0);
}

TEST_CASE("docker: images are asked for on demand") {
  Usual usual({{"/images/json", {.body = R"([{"RepoTags":["bb:1"],"Size":5}])"}}});
  CHECK(capture(settings_for(usual.socket(), {"image_size"})).emit.lines ==
        std::vector<std::string>{"docker.image.size image:bb:1 = 5"});
}

TEST_CASE("docker: sent and received are put right for the podman that swaps them") {
  const auto [release, received] =
      GENERATE(table<std::string, int>({{"4.3.1", 2}, {"4.4.0", 1}, {"5.0.0", 1}}));
  Usual usual(
      {{"/version",
        {.body = R"({"ApiVersion":"1.41","Components":[{"Name":"Podman Engine"}],"Version":")" + release +
                 "\"}"}},
       {"/stats", {.body = R"({"cpu_stats":{},"networks":{"network":{"rx_bytes":1,"tx_bytes":2}}})"}}});
  CHECK(capture(settings_for(usual.socket(), {"network"}))
            .emit.value("docker.network.bytes.recv container:web") == received);
}

TEST_CASE("docker: a list that is too long, broken or none is an error") {
  const auto [body, text] = GENERATE(table<std::string, std::string>({
      {"{}", "the engine's list of containers is not understood: is it one?"},
      {"[{", "the engine's list of containers is not understood: is it one?"},
      {"[]x", "the engine's list of containers is not understood: is it one?"},
      {std::string(5000, ' '), "the engine's answer is longer than SCOPS_DOCKER_BODY_MAX"},
  }));
  Usual usual({{"/containers/json", {.body = body}}});
  DockerSettings settings = settings_for(usual.socket());
  settings.body_max = {4096};
  CHECK(error_of(capture(settings)) == text);
}

TEST_CASE("docker: a socket that is not there says what to do") {
  const TempDir dir;
  const Captured captured = capture(settings_for(dir / "none"));
  CHECK(captured.status.error().kind == ErrorKind::retry);
  CHECK(
      error_of(captured).find("no such socket: start the engine, in a container mount it (docker run -v ") !=
      std::string::npos);
}

TEST_CASE("docker: a socket that nobody listens on, or that is a file, says what to do") {
  const TempDir dir;
  if (GENERATE(false, true)) {
    std::ofstream(dir / "s") << "x";
  } else {
    const FakeEngine engine(dir / "t", [](const std::string&) { return Answer{}; });
    REQUIRE(::rename((dir / "t").c_str(), (dir / "s").c_str()) == 0);
  }
  CHECK(error_of(capture(settings_for(dir / "s"))).find("nobody listens there: start the engine") !=
        std::string::npos);
}

TEST_CASE("docker: an engine that comes later is found") {
  const TempDir dir;
  const DockerSettings settings = settings_for(dir / "s");
  auto collector = make_docker(settings, "scops/test", system_clock);
  CHECK_FALSE(capture(**collector).status);
  FakeEngine engine(dir / "s", [](const std::string& target) {
    return Answer{.body = target == "/version" ? version_41 : "[]"};
  });
  CHECK(capture(**collector).status);
}

TEST_CASE("docker: options that do not fit together are refused") {
  DockerSettings settings = settings_for("/run/docker.sock");
  const std::string why = GENERATE("relative", "empty", "ssh", "host", "files", "key", "socket tls", "long");
  if (why == "relative") settings.socket = "docker.sock";
  if (why == "empty") settings.socket = "";
  if (why == "ssh") settings.socket = "ssh://host";
  if (why == "host") settings.socket = "tcp://user@host/path";
  if (why == "files") settings.socket = "tcp://host", settings.tls_ca = "/ca.pem";
  if (why == "key") settings.socket = "https://host", settings.tls_key = "/key.pem";
  if (why == "socket tls") settings.tls = true;
  if (why == "long") settings.socket = "/" + std::string(200, 'x');
  CAPTURE(why);
  const auto collector = make_docker(settings, "", system_clock);
  REQUIRE_FALSE(collector);
  CHECK(collector.error().kind == ErrorKind::refused);
}

TEST_CASE("docker: unix:// and tcp:// are understood") {
  const Usual usual;
  CHECK(capture(settings_for("unix://" + usual.socket())).status);
  test::HttpSink sink;
  sink.otherwise({.status = 200, .body = "[]"});
  std::string url = sink.url();
  CHECK(capture(settings_for("tcp://" + url.substr(url.find("//") + 2))).status);
  CHECK(sink.requests().at(0).target == "/version");
}

TEST_CASE("docker: an engine that speaks TLS is checked, and asks for our certificate") {
  const test::TlsServer server(test::Certificate::good, true);
  std::string url = server.url();
  DockerSettings settings = settings_for("tcp://" + url.substr(url.find("//") + 2));
  settings.tls = true;
  CHECK(error_of(capture(settings)).find("TLS: unknown certificate authority") != std::string::npos);
  settings.tls_ca = server.ca_file();
  settings.tls_cert = server.client_cert();
  settings.tls_key = server.client_key();
  CHECK(error_of(capture(settings)).find("list of containers is not understood") != std::string::npos);
}
