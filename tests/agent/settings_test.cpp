#include "agent/settings.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/config/check_tables.hpp"
#include "tests/support/temp_dir.hpp"

using namespace scops;
using scops::test::TempDir;

TEST_CASE("the option tables of all rooms obey their law", "[agent]") {
  const Settings settings;
  for (const std::string& fault : check_tables(settings.sections())) FAIL_CHECK(fault);
}

TEST_CASE("the defaults load without a problem", "[agent]") {
  Settings settings;
  const Loaded loaded = settings.load({.flags = {}, .environment = {}, .file = ""});
  CHECK(loaded.problems.empty());
  CHECK(settings.agent().collectors == TextList{"host"});
  CHECK(settings.agent().capture_interval == Duration{30'000});
  CHECK(settings.pipeline().prefix == "Chouette");
  CHECK(settings.dispatch().interval == Duration{60'000});
}

TEST_CASE("the names of the Python agent are first-class", "[agent]") {
  Settings settings;
  const Loaded loaded =
      settings.load({.flags = {},
                     .environment = {"collect_plugins=[\"host\"]", "CAPTURE_INTERVAL=7",
                                     "RELEASE_INTERVAL=20", "AGGREGATE_INTERVAL=5", "GLOBAL_TAGS=[\"a:b\"]",
                                     "HOST=board7", "LOG_LEVEL=WARNING", "METRIC_TTL=3600"},
                     .file = ""});
  for (const std::string& problem : loaded.problems) FAIL_CHECK(problem);
  CHECK(settings.agent().capture_interval == Duration{7'000});
  CHECK(settings.dispatch().interval == Duration{20'000});
  CHECK(settings.pipeline().interval == Duration{5'000});
  CHECK(settings.pipeline().tags == TextList{"a:b"});
  CHECK(settings.host() == "board7");
  CHECK(settings.buffer().metric_ttl == Duration{3'600'000});
}

TEST_CASE("a global tag that names the host is the host's name where HOST is not set", "[agent]") {
  Settings tagged;
  (void)tagged.load(
      {.flags = {}, .environment = {R"(GLOBAL_TAGS=["site:7","host:nvidia-nano"])"}, .file = ""});
  CHECK(tagged.host() == "nvidia-nano");
  Settings both;
  (void)both.load(
      {.flags = {}, .environment = {R"(GLOBAL_TAGS=["host:nvidia-nano"])", "HOST=board7"}, .file = ""});
  CHECK(both.host() == "board7");
  Settings empty;
  (void)empty.load({.flags = {}, .environment = {R"(GLOBAL_TAGS=["host:","hosts:x"])"}, .file = ""});
  CHECK_FALSE(empty.host().empty());
  CHECK(empty.host() != "x");
}

TEST_CASE("an unknown collector is a problem that names the known ones", "[agent]") {
  Settings settings;
  const Loaded loaded =
      settings.load({.flags = {}, .environment = {"COLLECTOR_PLUGINS=[\"hots\"]"}, .file = ""});
  REQUIRE(loaded.problems.size() == 1);
  INFO(loaded.problems[0]);
  CHECK(loaded.problems[0].find("hots") != std::string::npos);
  CHECK(loaded.problems[0].find("host") != std::string::npos);
}

TEST_CASE("metrics go to datadog when there is an API key, else to standard output", "[agent]") {
  Settings without;
  (void)without.load({.flags = {}, .environment = {}, .file = ""});
  CHECK(without.outputs() == std::vector<std::string>{"stdout"});
  Settings with;
  (void)with.load({.flags = {}, .environment = {"API_KEY=0123456789abcdef"}, .file = ""});
  CHECK(with.outputs() == std::vector<std::string>{"datadog"});
}

TEST_CASE("an unknown output is a problem", "[agent]") {
  Settings settings;
  const Loaded loaded =
      settings.load({.flags = {}, .environment = {"SCOPS_DISPATCH_OUTPUTS=[\"datadgo\"]"}, .file = ""});
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].find("datadgo") != std::string::npos);
}

TEST_CASE("an output that is named twice is one", "[agent]") {
  Settings settings;
  (void)settings.load(
      {.flags = {},
       .environment = {R"(SCOPS_DISPATCH_OUTPUTS=["stdout","datadog","stdout"])", "API_KEY=0123456789abcdef"},
       .file = ""});
  CHECK(settings.outputs() == std::vector<std::string>{"stdout", "datadog"});
}

TEST_CASE("a collector's own interval is 0, which means the common one, or at least a second", "[agent]") {
  const auto [given, problems] = GENERATE(table<std::string, std::size_t>(
      {{"SCOPS_HOST_INTERVAL=0", 0}, {"SCOPS_HOST_INTERVAL=1s", 0}, {"SCOPS_HOST_INTERVAL=999ms", 1}}));
  Settings settings;
  const Loaded loaded = settings.load({.flags = {}, .environment = {given}, .file = ""});
  CHECK(loaded.problems.size() == problems);
  for (const std::string& problem : loaded.problems) {
    CHECK(problem ==
          "host.interval=999ms (environment SCOPS_HOST_INTERVAL): out of range; allowed: 0, or 1s to 1d");
  }
}

TEST_CASE("an address of the pages that is none is a problem among the others", "[agent]") {
  Settings settings;
  const Loaded loaded =
      settings.load({.flags = {},
                     .environment = {"SCOPS_HTTP_LISTEN=nowhere", "SCOPS_DISPATCH_OUTPUTS=[\"datadgo\"]"},
                     .file = ""});
  CHECK(loaded.problems.size() == 2);
}

TEST_CASE("a collector's own interval overrides the common one", "[agent]") {
  Settings settings;
  (void)settings.load(
      {.flags = {}, .environment = {"CAPTURE_INTERVAL=60", "SCOPS_HOST_INTERVAL=5s"}, .file = ""});
  CHECK(settings.capture_interval("host") == Duration{5'000});
}

TEST_CASE("the state folder that was asked for is made, for the agent's eyes only", "[agent]") {
  const TempDir folder;
  CHECK(state_folder(folder / "deep/state") == folder / "deep/state");
  CHECK(std::filesystem::status(folder / "deep/state").permissions() == std::filesystem::perms::owner_all);
}

TEST_CASE("a state folder that is there keeps its permissions", "[agent]") {
  const TempDir folder;
  constexpr auto shared = std::filesystem::perms{0750};
  std::filesystem::permissions(folder.path(), shared);
  CHECK(state_folder(folder.path()) == folder.path());
  CHECK(std::filesystem::status(folder.path()).permissions() == shared);
}

TEST_CASE("a state folder that was asked for and cannot be used now may be of use later", "[agent]") {
  CHECK(state_folder("/proc/no/such") == "/proc/no/such");
}
