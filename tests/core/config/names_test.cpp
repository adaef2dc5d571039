#include "core/config/names.hpp"

#include <catch2/catch.hpp>

#include "tests/core/config/sample_tables.hpp"

using namespace scops;

namespace {

const Names& sample_names() {
  static const std::vector<Section> sections = sample::sections();
  static const Names names(sections);
  return names;
}

}  // namespace

TEST_CASE("an option is named after its room in environment and file") {
  const Section section = sample::sections().front();
  CHECK(environment_name(section, section.options[1]) == "SCOPS_HOST_INTERVAL");
  CHECK(key_name(section, section.options[1]) == "host.interval");
}

TEST_CASE("keys are found exactly, environment names in any case") {
  const Names& names = sample_names();
  REQUIRE(names.find_key("host.interval") != nullptr);
  CHECK(names.find_key("host.interval")->row == 1);
  CHECK(names.find_key("HOST.INTERVAL") == nullptr);
  REQUIRE(names.find_variable("scops_host_Interval") != nullptr);
  CHECK(names.find_variable("scops_host_Interval")->row == 1);
  CHECK(names.find_variable("host.interval") == nullptr);
}

TEST_CASE("canonical names come before aliases, and each before its file form") {
  const Names& names = sample_names();
  const auto rank = [&](std::string_view name) { return names.find_variable(name)->rank; };
  CHECK(rank("SCOPS_HOST_INTERVAL") < rank("SCOPS_HOST_INTERVAL_FILE"));
  CHECK(rank("SCOPS_HOST_INTERVAL_FILE") < rank("CAPTURE_INTERVAL"));
  CHECK(rank("CAPTURE_INTERVAL_FILE") < rank("HOST_PERIOD"));
}

TEST_CASE("a name with _FILE is a path unless an option is called so") {
  const Names& names = sample_names();
  CHECK(names.find_variable("API_KEY_FILE")->is_path);
  CHECK_FALSE(names.find_variable("SCOPS_OUTPUT_TLS_KEY_FILE")->is_path);
  CHECK(names.find_variable("SCOPS_OUTPUT_TLS_KEY_FILE_FILE")->is_path);
}

TEST_CASE("the nearest name is of the same kind") {
  const Names& names = sample_names();
  CHECK(names.nearest_key("host.intervall") == "host.interval");
  CHECK(names.nearest_variable("SCOPS_HOST_INTERVALL") == "SCOPS_HOST_INTERVAL");
  CHECK(names.nearest_variable("scops_host_metrix") == "SCOPS_HOST_METRICS");
  CHECK(names.nearest_variable("SCOPS_API_KEY") == "API_KEY");
  CHECK(names.nearest_variable("SCOPS_QQQQ").empty());
}
