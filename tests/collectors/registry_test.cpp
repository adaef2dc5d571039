#include "collectors/registry.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string_view>

#include "core/config/spec.hpp"

using namespace scops;

TEST_CASE("every collector of the list is found by its name") {
  for (const CollectorSpec* spec : collector_specs()) CHECK(find_collector(spec->name) == spec);
  CHECK(find_collector("host") != nullptr);
}

TEST_CASE("a collector is not found by another name or case") {
  CHECK(find_collector("hots") == nullptr);
  CHECK(find_collector("Host") == nullptr);
  CHECK(find_collector("") == nullptr);
}

TEST_CASE("collectors and formats have names of their own and help that ends with a period") {
  std::set<std::string_view> names;
  std::set<std::string_view> formats;
  for (const CollectorSpec* spec : collector_specs()) {
    CAPTURE(spec->name);
    CHECK(names.insert(spec->name).second);
    CHECK(spec->help.ends_with('.'));
    CHECK(spec->section().room == spec->name);
    for (const Format& format : spec->formats) {
      CAPTURE(format.name);
      CHECK(formats.insert(format.name).second);
      CHECK(format.help.ends_with('.'));
    }
  }
}
