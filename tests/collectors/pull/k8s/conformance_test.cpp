// Real summaries of kubelets 1.15 to 1.35, read a second time with a tree: every number that the tree has
// must have been sent, and nothing else. They are not part of this repository: without SCOPS_TEST_DATA
// nothing is compared.

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "collectors/pull/k8s/formats.hpp"
#include "core/io/files.hpp"
#include "core/io/json.hpp"
#include "core/model/text.hpp"
#include "tests/collectors/recording_emit.hpp"
#include "tests/support/not_tested.hpp"

using namespace scops;
namespace fs = std::filesystem;

namespace {

using Value = JsonDoc::Value;

// The numbers below `value`, as lines like those of RecordingEmit. Names and tags are built from the JSON
// alone.
void flatten(Value value, const std::string& path, const std::string& tags, std::vector<std::string>& into) {
  if (value.number() && *value.number() >= 0)
    into.push_back(fmt::format("{} {} = {}", path, tags, *value.number()));
  for (const std::string& key : value.keys()) {
    // Lists and what has no group: the rest of this file asks for them where they have one.
    constexpr std::array<std::string_view, 4> apart{"interfaces", "systemContainers", "containers", "volume"};
    if (std::find(apart.begin(), apart.end(), key) != apart.end()) continue;
    std::string name = key;
    std::replace(name.begin(), name.end(), '-', '_');
    flatten(value[key], path + "." + name, tags, into);
  }
}

std::vector<std::string> expected_lines(Value root) {
  std::vector<std::string> lines;
  const Value node = root["node"];
  flatten(node, "k8s.node", "node_name:" + node["nodeName"].text().value_or(""), lines);
  // The group filesystem has what the Python agent sent of the root file system, and no more.
  std::erase_if(lines, [](const std::string& line) {
    return line.starts_with("k8s.node.fs.capacityBytes ") || line.starts_with("k8s.node.fs.inodes ") ||
           line.starts_with("k8s.node.fs.inodesUsed ");
  });
  for (std::size_t i = 0; i < root["pods"].size(); ++i) {
    const Value pod = root["pods"].at(i);
    const std::string tags =
        fmt::format("namespace:{} pod_name:{}", pod["podRef"]["namespace"].text().value_or(""),
                    pod["podRef"]["name"].text().value_or(""));
    flatten(pod, "k8s.pod", tags, lines);
    for (std::size_t k = 0; k < pod["containers"].size(); ++k) {
      const Value container = pod["containers"].at(k);
      flatten(container, "k8s.container", tags + " container_name:" + container["name"].text().value_or(""),
              lines);
    }
    for (std::size_t k = 0; k < pod["volume"].size(); ++k) {
      const Value volume = pod["volume"].at(k);
      const auto claim = volume["pvcRef"]["name"].text();
      flatten(volume, "k8s.pod.volume",
              tags + " volume:" + volume["name"].text().value_or("") + (claim ? " claim:" + *claim : ""),
              lines);
    }
  }
  lines.push_back(fmt::format("k8s.pods.running = {}", root["pods"].size()));
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace

TEST_CASE("k8s: recorded summaries are sent number by number") {
  const char* data = std::getenv("SCOPS_TEST_DATA");
  const fs::path folder = fs::path(data == nullptr ? "" : data) / "k8s";
  if (data == nullptr || !fs::exists(folder)) {
    return test::not_tested("no recorded summaries in SCOPS_TEST_DATA/k8s");
  }
  std::size_t compared = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.path().filename().string().starts_with("summary-")) continue;
    const std::string text = read_file(entry.path().string(), 8 << 20).value_or("");
    const Result<JsonDoc> doc = JsonDoc::parse(text);
    REQUIRE(doc.has_value());
    test::RecordingEmit emit;
    k8s::k8s_formats[0].parse(text, emit);
    std::sort(emit.lines.begin(), emit.lines.end());
    INFO(entry.path().filename());
    CHECK(emit.troubles.empty());
    CHECK(emit.lines == expected_lines(doc->root()));
    ++compared;
  }
  CHECK(compared >= 11);
}
