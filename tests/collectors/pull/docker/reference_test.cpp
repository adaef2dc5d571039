// Answers of real engines and of other projects' tests. They are not part of this repository: without
// SCOPS_TEST_DATA there is nothing to compare.

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/pull/docker/formats.hpp"
#include "core/io/files.hpp"
#include "tests/collectors/recording_emit.hpp"
#include "tests/support/not_tested.hpp"

using namespace scops;
using scops::test::RecordingEmit;
namespace fs = std::filesystem;

namespace {

std::optional<std::string> data_folder() {
  const char* data = std::getenv("SCOPS_TEST_DATA");
  if (data != nullptr && fs::exists(fs::path(data) / "docker")) return data;
  test::not_tested("no answers of engines in SCOPS_TEST_DATA");
  return std::nullopt;
}

RecordingEmit parse(std::string_view format, const fs::path& file) {
  RecordingEmit emit;
  const std::string text = read_file(file.string()).value_or("");
  REQUIRE_FALSE(text.empty());
  for (const Format& known : docker::docker_formats) {
    if (known.name == format) known.parse(text, emit);
  }
  return emit;
}

std::string_view format_of(const std::string& name) {
  if (name.starts_with("stats")) return "docker-stats";
  if (name.starts_with("list") || name.starts_with("containers_json")) return "docker-list";
  if (name.starts_with("inspect")) return "docker-inspect";
  return {};
}

// Worked out by hand from the files, by the formulas that `docker stats` uses.
struct Expected {
  std::string_view file, metric;
  double value;
};

constexpr std::array expectations{
    Expected{"docker/stats-docker-java-1.27.json", "docker.cpu.percentage container:gallant_hamilton",
             (212198028.0 - 211307214.0) / (545941980000000.0 - 545937990000000.0) * 4 * 100},
    Expected{"docker/stats-docker-java-1.27.json", "docker.disk.bytes.read container:gallant_hamilton",
             823296},
    Expected{"docker/stats-docker-java-1.27.json", "docker.disk.bytes.written container:gallant_hamilton",
             122880},
    Expected{"docker/stats-go-dockerclient-v2-3.json", "docker.memory.usage", 28557312},
    Expected{"docker/stats-go-dockerclient-v2-3.json", "docker.memory.working_set", 28557312 - 11882496},
    Expected{"docker/stats-go-dockerclient-v2-3.json", "docker.cpu.percentage", 0},
    Expected{"docker/stats-otel-cgroup-v2-one-shot.json",
             "docker.disk.bytes.written container:compassionate_mcnulty", 0},
    Expected{"docker/list-telegraf.json", "docker.containers state:running", 5},
    Expected{"docker/list-engine-api-v1.19-doc-example.json", "docker.containers state:exited", 4},
    Expected{"engines/dockerd/stats_web-a.json", "docker.cpu.percentage container:web-a",
             (949453043.0 - 866103113.0) / (1974970000000.0 - 1972960000000.0) * 2 * 100},
    Expected{"engines/dockerd/stats_web-a.json", "docker.network.bytes.recv container:web-a", 1112},
    Expected{"engines/dockerd/stats_web-a.json", "docker.network.bytes.sent container:web-a", 0},
    Expected{"engines/dockerd/stats_web-a.json", "docker.cpu.usage container:web-a", 30000000},
    Expected{"engines/dockerd/containers_json_all_1.json", "docker.containers state:paused", 1},
    Expected{"engines/dockerd/containers_json_all_1.json", "docker.exit_code container:oom image:bb:1", 137},
    Expected{"engines/dockerd/inspect_oom.json", "docker.oom_killed container:oom", 1},
    Expected{"engines/dockerd/inspect_web-a.json", "docker.health container:web-a", 1},
    Expected{"engines/podman/stats_web-a.json", "docker.memory.usage container:web-a", 638976},
    Expected{"engines/podman/stats_web-a.json", "docker.memory.limit container:web-a", 67108864},
    Expected{"engines/podman/containers_json_all_1.json", "docker.containers state:exited", 1},
};

}  // namespace

TEST_CASE("docker reference: every answer of an engine is understood") {
  const auto data = data_folder();
  if (!data) return;
  std::size_t read = 0;
  for (const std::string folder : {"docker", "engines/dockerd", "engines/dockerd26", "engines/podman"}) {
    for (const auto& entry : fs::directory_iterator(fs::path(*data) / folder)) {
      const std::string_view format = format_of(entry.path().filename().string());
      if (format.empty()) continue;
      CAPTURE(entry.path().string());
      CHECK(parse(format, entry.path()).troubles.empty());
      ++read;
    }
  }
  CHECK(read > 20);
}

TEST_CASE("docker reference: values are those that docker stats would show") {
  const auto data = data_folder();
  if (!data) return;
  for (const Expected& expected : expectations) {
    const fs::path file = fs::path(*data) / expected.file;
    CAPTURE(expected.file, expected.metric);
    const RecordingEmit emit = parse(format_of(file.filename().string()), file);
    CHECK(emit.value(expected.metric).value_or(-1) == Approx(expected.value));
  }
}

TEST_CASE("docker reference: what does not run, or has no network, has no numbers for it") {
  const auto data = data_folder();
  if (!data) return;
  const fs::path engines = fs::path(*data) / "engines";
  CHECK(parse("docker-stats", engines / "dockerd/stats_oneshot_exited.json").lines.empty());
  CHECK(parse("docker-stats", engines / "dockerd/stats_oneshot_oom.json").lines.empty());
  for (const std::string file : {"dockerd/stats_oneshot_hostnet.json", "dockerd/stats_oneshot_nonet.json",
                                 "podman/stats_hostnet.json", "podman/stats_nonet.json"}) {
    CAPTURE(file);
    CHECK(parse("docker-stats", engines / file).count("docker.network.bytes.recv") == 0);
  }
  CHECK(parse("docker-stats", engines / "dockerd/stats_oneshot_web-a.json").count("docker.cpu.percentage") ==
        0);
}
