#include "transport/outputs/registry.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string_view>
#include <vector>

#include "core/config/check_tables.hpp"

TEST_CASE("outputs: each is listed once, says what it does, and has sound options") {
  std::set<std::string_view> names;
  std::vector<scops::Section> sections;
  for (const scops::OutputSpec* spec : scops::output_specs()) {
    CHECK(names.insert(spec->name).second);
    CHECK(spec->help.ends_with('.'));
    sections.push_back(spec->section());
    CHECK(sections.back().room == spec->name);
  }
  CHECK(names == std::set<std::string_view>{"datadog", "stdout"});
  CHECK(scops::check_tables(sections).empty());
}
