#include "transport/dispatch/settings.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <vector>

#include "core/config/check_tables.hpp"
#include "core/config/load.hpp"

using namespace std::chrono_literals;
using scops::DispatchSettings;
using scops::request_timeout;

TEST_CASE("dispatch settings: the table keeps the law, and its defaults are those of the struct") {
  const std::vector<scops::Section> sections = {scops::dispatch_section()};
  CHECK(scops::check_tables(sections).empty());
  CHECK(scops::load(sections, {}).problems.empty());
  const auto& loaded = *static_cast<const DispatchSettings*>(sections[0].settings.get());
  const DispatchSettings plain;
  CHECK(loaded.outputs == plain.outputs);
  CHECK(loaded.interval == plain.interval);
  CHECK(loaded.backoff_min == plain.backoff_min);
  CHECK(loaded.backoff_max == plain.backoff_max);
  CHECK(loaded.grace == plain.grace);
  CHECK(loaded.rate_max == plain.rate_max);
}

TEST_CASE("dispatch settings: RELEASE_INTERVAL is understood, a bare number counts seconds") {
  const std::vector<scops::Section> sections = {scops::dispatch_section()};
  CHECK(scops::load(sections, {.environment = {"RELEASE_INTERVAL=90"}}).problems.empty());
  CHECK(static_cast<const DispatchSettings*>(sections[0].settings.get())->interval == 90s);
}

TEST_CASE("dispatch settings: a request may take 0.8 of the interval, at least a second") {
  DispatchSettings settings;
  CHECK(request_timeout(settings) == 48s);
  settings.interval = 1s;
  CHECK(request_timeout(settings) == 1s);
}

TEST_CASE("dispatch settings: a minimum above the maximum is refused") {
  DispatchSettings settings;
  CHECK(scops::validate(settings));
  settings.backoff_min = 10min;
  CHECK_FALSE(scops::validate(settings));
}
