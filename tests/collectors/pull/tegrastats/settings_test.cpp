#include "collectors/pull/tegrastats/settings.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/config/load.hpp"

using namespace scops;
using namespace scops::tegrastats;

namespace {

struct Read {
  TegrastatsSettings settings;
  std::vector<std::string> problems;
};

Read loaded(const std::vector<std::string>& environment) {
  const std::vector<Section> sections{tegrastats_section()};
  const Loaded result = load(sections, {.flags = {}, .environment = environment, .file = {}});
  return {*static_cast<const TegrastatsSettings*>(sections[0].settings.get()), result.problems};
}

}  // namespace

TEST_CASE("tegrastats: without a setting it is the contract's program and groups", "[tegrastats]") {
  const TegrastatsSettings settings = loaded({}).settings;
  CHECK(settings.path == "/usr/bin/tegrastats");
  CHECK(settings.metrics == TextList{"ram", "temp"});
  CHECK_FALSE(settings.lowercase_zones);
}

TEST_CASE("tegrastats: the variables of Chouette are obeyed, groups in any case", "[tegrastats]") {
  const Read result = loaded({R"(TEGRASTATS_METRICS=["RAM","Power"])", "tegrastats_path=/opt/tegrastats"});
  CHECK(result.problems.empty());
  CHECK(result.settings.path == "/opt/tegrastats");
  const Groups groups = groups_of(result.settings);
  CHECK(groups.ram);
  CHECK(groups.power);
  CHECK_FALSE(groups.temp);
}

TEST_CASE("tegrastats: a group that does not exist is an error", "[tegrastats]") {
  CHECK(loaded({R"(TEGRASTATS_METRICS=["ramm"])"}).problems.size() == 1);
}
