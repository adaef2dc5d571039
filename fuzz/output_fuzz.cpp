// Samples of any name, tags, time and value, as blocks may hold them: what is made of them for people and for
// an intake is well-formed, and as much as there was.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "core/io/json.hpp"
#include "fuzz/input.hpp"
#include "transport/outputs/datadog/encode.hpp"
#include "transport/outputs/stdout/render.hpp"

namespace {

using namespace scops;

void expect(bool holds) {
  if (!holds) std::abort();
}

double value_of(std::uint64_t bits) {
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

SampleSet samples_of(fuzz::Input input) {
  SampleSet set;
  for (std::size_t left = 1 + input.byte() % 3; left > 0; --left) {
    Series& series = set.series.emplace_back();
    series.name = input.text();
    series.type = static_cast<MetricType>(input.byte() % 4);
    series.interval_s = static_cast<std::uint32_t>(input.number(4));
    for (std::size_t tags = input.byte() % 3; tags > 0; --tags) series.tags.emplace_back(input.text());
  }
  constexpr std::size_t most = 8;  // quick, and enough for every pair of neighbours
  while (!input.empty() && set.samples.size() < most) {
    const auto series = static_cast<std::uint32_t>(input.byte() % set.series.size());
    const TimeMs time = input.integer();
    set.samples.push_back({series, time, value_of(input.number(8))});
  }
  return set;
}

std::size_t lines_of(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

void check_body(const SampleSet& set) {
  std::string body;
  const std::size_t written = encode_series(set, "host", body);
  const auto doc = JsonDoc::parse(body, 16);
  expect(doc.has_value());
  std::size_t points = 0;
  const auto series = doc->root()["series"];
  for (std::size_t i = 0; i < series.size(); ++i) points += series.at(i)["points"].size();
  const auto finite = [](const Sample& sample) { return std::isfinite(sample.value); };
  expect(points == written);
  expect(static_cast<std::ptrdiff_t>(points) ==
         std::count_if(set.samples.begin(), set.samples.end(), finite));
}

void check_lines(const SampleSet& set) {
  std::string json;
  append_json_lines(json, set);
  expect(lines_of(json) == set.samples.size());
  std::string_view rest = json;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    expect(JsonDoc::parse(rest.substr(0, end), 16).has_value());
    rest.remove_prefix(end + 1);
  }
  std::string table;
  append_table(table, set);
  expect(set.samples.empty() ? table.empty() : lines_of(table) == set.samples.size() + 1);
  for (const char c : table) expect(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {            // NOLINT
  const SampleSet set = samples_of(fuzz::Input({reinterpret_cast<const char*>(data), size}));  // NOLINT
  check_body(set);
  check_lines(set);
  return 0;
}
