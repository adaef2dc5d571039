// A case is a folder: tests/cases/<collector>/<case>/ with
//
//   options.env      SCOPS_... lines; {root} stands for the case's machine, {programs} for the tests' folder
//   root/            the machine: proc/, sys/, whatever the options point at
//   root2/           optional: the same machine at the second capture
//   redis            optional: a Redis of the case, a command a line; {redis} stands for its socket
//   engine/          optional: answers of an engine of containers, served at {engine}, a unix socket; a file
//                    is named after the path asked for, "/containers/json" is containers_json.json
//   expected.jsonl   what is emitted, in order
//
// A new device, or a new way to be broken, needs a folder and no code. SCOPS_UPDATE_CASES=1 writes
// expected.jsonl as it came out: read the difference before you keep it.

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/registry.hpp"
#include "core/config/load.hpp"
#include "core/config/spec.hpp"
#include "core/io/files.hpp"
#include "core/io/json.hpp"
#include "core/model/text.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/stats.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/temp_dir.hpp"

using namespace scops;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view cases_folder = SCOPS_SOURCE_DIR "/tests/cases";

std::string_view to_word(ErrorKind kind) {
  constexpr std::array<std::string_view, 5> words{"retry", "drop", "absent", "refused", "bug"};
  return words.at(static_cast<std::size_t>(kind));
}

// A line of JSON for everything that happens.
class JsonEmit final : public Emit {
 public:
  void metric(const Metric& metric) override {
    lines += R"({"metric":)";
    append_json_string(lines, metric.name);
    lines += fmt::format(R"(,"type":"{}","tags":[)", to_string(metric.type));
    for (const Tag& tag : metric.tags) {
      if (&tag != metric.tags.data()) lines += ',';
      append_json_string(lines,
                         tag.value.empty() ? std::string(tag.key) : fmt::format("{}:{}", tag.key, tag.value));
    }
    lines += R"(],"value":)";
    append_json_number(lines, metric.value);
    lines += "}\n";
  }

  void trouble(std::string_view part, const Error& error) override {
    lines += R"({"trouble":)";
    append_json_string(lines, part);
    lines += fmt::format(R"(,"kind":"{}"}})", to_word(error.kind)) + "\n";
  }

  std::string lines;
};

// Empty when there is no such file: then the comparison says what it should hold.
std::string read_text(const fs::path& path) { return read_file(path.string()).value_or(""); }

std::vector<fs::path> folders_in(const fs::path& path) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// Words in braces, and what stands for them in this case.
using Places = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> read_environment(const fs::path& path, const Places& places) {
  std::vector<std::string> environment;
  const std::string text = read_text(path);
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string line(trim(cut(rest, '\n')));
    for (const auto& [name, place] : places) replace_all(line, name, place);
    if (!line.empty() && !line.starts_with('#')) environment.push_back(std::move(line));
  }
  return environment;
}

// Words are separated by blanks.
void fill(const test::RedisServer& redis, const fs::path& path) {
  const SystemClock clock;
  RedisClient client(redis.target(), clock);
  const std::string text = read_text(path);
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view line = trim(cut(rest, '\n'));
    std::vector<std::string_view> words;
    while (!line.empty()) words.push_back(next_word(line));
    if (words.empty()) continue;
    const auto answer = client.command(words);
    REQUIRE(answer.has_value());
    CAPTURE(answer.value().text());
    REQUIRE_FALSE(answer.value().is_error());
  }
}

// "/v1.41/containers/ab/stats?stream=false": containers_ab_stats.json of the case's engine, 404 without.
test::FakeEngine::Answer engine_answer(const fs::path& folder, std::string_view target) {
  target = target.substr(0, target.find('?'));
  if (target.starts_with("/v1.")) target.remove_prefix(target.find('/', 1));
  std::string name(target.substr(1));
  std::replace(name.begin(), name.end(), '/', '_');
  const fs::path file = folder / (name + ".json");
  if (!fs::exists(file)) return {.status = 404, .body = R"({"message":"no such thing"})"};
  return {.status = 200, .body = read_text(file)};
}

void capture(PullCollector& collector, int number, JsonEmit& emit) {
  emit.lines += fmt::format("{{\"capture\":{}}}\n", number);
  if (const Status status = collector.collect(emit); !status) {
    emit.lines += fmt::format("{{\"failed\":\"{}\"}}\n", to_word(status.error().kind));
  }
}

std::string run_case(const CollectorSpec& spec, const fs::path& folder) {
  const test::TempDir dir;
  const std::string root = dir / "root";  // a link, so that the machine can change under the same options
  std::optional<test::RedisServer> redis;
  if (fs::exists(folder / "redis")) {
    redis.emplace(test::RedisOptions{.unix_socket = true});
    fill(*redis, folder / "redis");
  }
  const std::string socket = dir / "engine.sock";
  const fs::path answers = folder / "engine";
  std::optional<test::FakeEngine> engine;
  if (fs::exists(answers)) {
    engine.emplace(socket, [&answers](const std::string& target) { return engine_answer(answers, target); });
  }
  const Places places = {{"{root}", root},
                         {"{engine}", socket},
                         {"{redis}", redis ? redis->socket() : std::string()},
                         {"{programs}", fs::read_symlink("/proc/self/exe").parent_path().string()}};
  const std::vector<Section> sections{spec.section()};
  const Loaded loaded = load(
      sections, {.flags = {}, .environment = read_environment(folder / "options.env", places), .file = {}});
  REQUIRE(loaded.problems == std::vector<std::string>{});
  const SystemClock clock;
  Stats stats;
  const Result<std::unique_ptr<PullCollector>> collector =
      spec.make(sections[0].settings.get(), {.clock = &clock, .stats = &stats});
  REQUIRE(collector.has_value());

  JsonEmit emit;
  fs::create_directory_symlink(folder / "root", root);
  ::setenv("SCOPS_CASE_ROOT", root.c_str(), 1);  // for a library that stands in for a device
  capture(**collector, 1, emit);
  if (fs::exists(folder / "root2")) {
    fs::remove(root);
    fs::create_directory_symlink(folder / "root2", root);
    capture(**collector, 2, emit);
  }
  return emit.lines;
}

}  // namespace

TEST_CASE("every case gives what its folder expects") {
  for (const fs::path& room : folders_in(cases_folder)) {
    const CollectorSpec* spec = find_collector(room.filename().string());
    CAPTURE(room);
    REQUIRE(spec != nullptr);
#ifdef SCOPS_STATIC
    if (room.filename() == "nvml") continue;  // loads its library
#endif
    for (const fs::path& folder : folders_in(room)) {
      DYNAMIC_SECTION(spec->name << "/" << folder.filename().string()) {
        const std::string got = run_case(*spec, folder);
        if (std::getenv("SCOPS_UPDATE_CASES") != nullptr) std::ofstream(folder / "expected.jsonl") << got;
        CHECK(got == read_text(folder / "expected.jsonl"));
      }
    }
  }
}

TEST_CASE("every collector has cases") {
  for (const CollectorSpec* spec : collector_specs()) {
    if (spec->make == nullptr) continue;  // drains a queue: no machine to capture
    CAPTURE(spec->name);
    const fs::path room = fs::path(cases_folder) / spec->name;
    REQUIRE(fs::exists(room));
    CHECK(folders_in(room).size() >= 2);
  }
}
