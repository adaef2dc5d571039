// An Emit that remembers everything, as lines that read well in a failed assertion: `host.la period:1m =
// 0.42`.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/collector.hpp"

namespace scops::test {

class RecordingEmit final : public Emit {
 public:
  struct Trouble {
    std::string part;
    Error error;
  };

  void metric(const Metric& metric) override {
    std::string key(metric.name);
    for (const Tag& tag : metric.tags) key += fmt::format(" {}:{}", tag.key, tag.value);
    names.emplace_back(metric.name);
    lines.push_back(fmt::format("{} = {}", key, metric.value));
    keys.push_back(std::move(key));
    values.push_back(metric.value);
  }

  void trouble(std::string_view part, const Error& error) override {
    troubles.push_back({std::string(part), error});
  }

  // Of `host.la period:1m`; nothing when it was not emitted.
  [[nodiscard]] std::optional<double> value(std::string_view key) const {
    const auto found = std::find(keys.begin(), keys.end(), key);
    if (found == keys.end()) return std::nullopt;
    return values[static_cast<std::size_t>(found - keys.begin())];
  }

  [[nodiscard]] std::size_t count(std::string_view name) const {
    return static_cast<std::size_t>(std::count(names.begin(), names.end(), name));
  }

  std::vector<std::string> names, keys, lines;
  std::vector<double> values;
  std::vector<Trouble> troubles;
};

}  // namespace scops::test
