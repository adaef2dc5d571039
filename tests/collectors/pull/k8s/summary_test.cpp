#include "collectors/pull/k8s/summary.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "collectors/pull/k8s/formats.hpp"
#include "core/io/files.hpp"
#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using namespace scops::k8s;
namespace fs = std::filesystem;

namespace {

const fs::path folder = SCOPS_SOURCE_DIR "/tests/collectors/pull/k8s/summaries";

// What `scops parse kubelet-summary` makes of it.
test::RecordingEmit parse(std::string_view text) {
  test::RecordingEmit emit;
  k8s_formats[0].parse(text, emit);
  return emit;
}

std::string lines_of(const test::RecordingEmit& emit) {
  std::string lines;
  for (const std::string& line : emit.lines) lines += line + "\n";
  for (const auto& trouble : emit.troubles)
    lines += fmt::format("{}: {}\n", trouble.part, trouble.error.text);
  return lines;
}

test::RecordingEmit read(std::string_view text, const TextMap& wanted, const PodFilter& filter = {}) {
  const Plan plan(wanted);
  SummaryReader reader(plan, filter);
  test::RecordingEmit emit;
  REQUIRE(reader.read(text, emit).has_value());
  return emit;
}

std::string sample(std::string_view name) { return read_file((folder / name).string()).value_or(""); }

}  // namespace

TEST_CASE("k8s: each summary gives what stands beside it") {
  for (const auto& entry : fs::directory_iterator(folder)) {
    fs::path expected = entry.path();
    if (expected.extension() != ".json") continue;
    expected.replace_extension(".txt");
    const std::string got = lines_of(parse(read_file(entry.path().string()).value_or("")));
    if (std::getenv("SCOPS_UPDATE_CASES") != nullptr) std::ofstream(expected) << got;
    INFO(entry.path().filename());
    CHECK(got == read_file(expected.string()).value_or(""));
  }
}

TEST_CASE("k8s: by default memory and processor of pods, free inodes of the node and the number of pods") {
  const auto emit =
      read(sample("node_and_two_pods.json"), {{"pods", {"memory", "cpu"}}, {"node", {"inodes"}}});
  CHECK(emit.lines == std::vector<std::string>{
                          "k8s.node.fs.inodesFree node_name:jetson-7 = 90",
                          "k8s.pod.cpu.usageNanoCores namespace:edge pod_name:camera-0 = 1000",
                          "k8s.pod.memory.rssBytes namespace:edge pod_name:camera-0 = 20",
                          "k8s.pod.memory.usageBytes namespace:edge pod_name:camera-0 = 30",
                          "k8s.pods.running = 2",
                      });
}

TEST_CASE("k8s: node memory answers to both of its names") {
  const std::string text = sample("node_and_two_pods.json");
  CHECK(read(text, {{"node", {"ram"}}}).lines == read(text, {{"node", {"memory"}}}).lines);
  CHECK(read(text, {{"node", {"ram", "memory"}}}).count("k8s.node.memory.workingSetBytes") == 1);
}

TEST_CASE("k8s: without any group the number of pods is what is left") {
  CHECK(read(sample("node_and_two_pods.json"), {}).lines == std::vector<std::string>{"k8s.pods.running = 2"});
}

TEST_CASE("k8s: filters choose pods by namespace and name, and all of them are counted") {
  const std::string text = R"({"pods":[
    {"podRef":{"namespace":"a","name":"x-1"},"cpu":{"usageNanoCores":1}},
    {"podRef":{"namespace":"a","name":"y-1"},"cpu":{"usageNanoCores":2}},
    {"podRef":{"namespace":"b","name":"x-1"},"cpu":{"usageNanoCores":3}}]})";
  const std::vector<std::string> a = {"a"};
  const std::vector<std::string> y = {"y*"};
  const auto emit = read(text, {{"pods", {"cpu"}}}, {.namespaces = {a, {}}, .names = {{}, y}});
  CHECK(emit.lines == std::vector<std::string>{"k8s.pod.cpu.usageNanoCores namespace:a pod_name:x-1 = 1",
                                               "k8s.pods.running = 3"});
}

TEST_CASE("k8s: what a pod does not report is added up from its containers, or not at all") {
  const auto emit = read(sample("first_of_2016.json"), {{"pods", {"cpu", "memory"}}});
  CHECK(emit.value("k8s.pod.cpu.usageNanoCores namespace:n pod_name:two") == 12.0);
  CHECK(emit.value("k8s.pod.memory.usageBytes namespace:n pod_name:two") == 120.0);
  CHECK(emit.count("k8s.pod.memory.rssBytes") == 0);  // one of the two that run lacks it
}

TEST_CASE("k8s: the order of keys does not matter") {
  const auto emit = read(R"({"pods":[{"memory":{"rssBytes":1},"containers":[{"memory":{"rssBytes":9}}],
                             "podRef":{"name":"p","namespace":"n"}}],
                             "node":{"fs":{"inodesFree":2},"nodeName":"k"}})",
                         {{"pods", {"memory"}}, {"node", {"inodes"}}});
  CHECK(emit.lines == std::vector<std::string>{"k8s.pod.memory.rssBytes namespace:n pod_name:p = 1",
                                               "k8s.node.fs.inodesFree node_name:k = 2",
                                               "k8s.pods.running = 1"});
}

TEST_CASE("k8s: a second summary remembers nothing of the first") {
  const Plan plan(TextMap{{"pods", {"cpu"}}});
  const PodFilter filter;
  SummaryReader reader(plan, filter);
  test::RecordingEmit emit;
  REQUIRE(reader.read(sample("node_and_two_pods.json"), emit).has_value());
  test::RecordingEmit second;
  REQUIRE(reader.read(R"({"pods":[{"podRef":{"name":"p","namespace":"n"}}]})", second).has_value());
  CHECK(second.lines == std::vector<std::string>{"k8s.pods.running = 1"});
}

TEST_CASE("k8s: a pod of very many containers is cut, and that is said") {
  std::string text = R"({"pods":[{"podRef":{"name":"p","namespace":"n"},"containers":[)";
  for (int i = 0; i < 600; ++i)
    text += fmt::format(R"({}{{"name":"c{}","cpu":{{"usageNanoCores":1}}}})", i == 0 ? "" : ",", i);
  text += "]}]}";
  const auto emit = read(text, {{"containers", {"cpu"}}});
  CHECK(emit.count("k8s.container.cpu.usageNanoCores") == PodReader::parts_max);
  REQUIRE(emit.troubles.size() == 1);
  CHECK(emit.troubles[0].error.text == "88 containers and volumes beyond 512 a pod left out");
}

TEST_CASE("k8s: a pod that is there twice is one series") {
  const auto emit = read(R"({"pods":[
      {"podRef":{"name":"a","namespace":"n","uid":"1"},"cpu":{"usageNanoCores":1}},
      {"podRef":{"name":"a","namespace":"n","uid":"2"},"cpu":{"usageNanoCores":2}}]})",
                         {{"pods", {"cpu"}}});
  CHECK(emit.lines == std::vector<std::string>{"k8s.pod.cpu.usageNanoCores namespace:n pod_name:a = 1",
                                               "k8s.pods.running = 2"});
}

TEST_CASE("k8s: a number of a later release is skipped wherever it stands") {
  const auto emit = read(R"({"later":1,"node":{"later":2,"nodeName":"n","fs":{"later":3,"inodesFree":4}},
      "pods":[{"later":5,"podRef":{"name":"a","namespace":"n","later":6},"cpu":{"later":7,"usageNanoCores":8}}]})",
                         {{"pods", {"cpu"}}, {"node", {"inodes"}}});
  CHECK(emit.lines == std::vector<std::string>{"k8s.node.fs.inodesFree node_name:n = 4",
                                               "k8s.pod.cpu.usageNanoCores namespace:n pod_name:a = 8",
                                               "k8s.pods.running = 1"});
}

TEST_CASE("k8s: null is as good as nothing") {
  const auto emit = read(R"({"pods":[{"podRef":{"name":"a","namespace":"n"},"cpu":null,"containers":[
      {"name":"one","cpu":{"usageNanoCores":1}},{"name":"two","cpu":null}]}]})",
                         {{"pods", {"cpu"}}});
  CHECK(emit.lines == std::vector<std::string>{"k8s.pod.cpu.usageNanoCores namespace:n pod_name:a = 1",
                                               "k8s.pods.running = 1"});
  CHECK(read(R"({"pods":null})", {}).lines == std::vector<std::string>{"k8s.pods.running = 0"});
}

TEST_CASE("k8s: nesting without end is refused, not followed") {
  std::string text = R"({"node":{"x":)" + std::string(100000, '[');
  const Plan plan = Plan::all();
  const PodFilter filter;
  SummaryReader reader(plan, filter);
  test::RecordingEmit emit;
  const Status status = reader.read(text, emit);
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().kind == ErrorKind::drop);
  CHECK(status.error().text == "the summary nests too deep");
}
