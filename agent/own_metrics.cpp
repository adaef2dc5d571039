#include "agent/own_metrics.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/model/text.hpp"

namespace scops {

namespace {

constexpr std::string_view counter_ending = "_total";

}  // namespace

OwnMetrics::OwnMetrics(TextList wanted, const Stats& stats) : wanted_(std::move(wanted)), stats_(stats) {}

void OwnMetrics::report(TimeMs now, const Take& take) {
  if (wanted_.empty()) return;
  stats_.visit([&](std::string_view stat, std::string_view labels, double value) {
    const std::string& name = wanted_name(stat);
    if (name.empty()) return;
    RawSample sample{.name = name, .value = value, .time = now, .arrival = now};
    if (stat.ends_with(counter_ending)) {
      sample.type = RawType::count;
      double& last = last_[fmt::format("{}{{{}}}", stat, labels)];
      sample.value = value - std::exchange(last, value);
      if (sample.value == 0) return;
    }
    const std::vector<std::string> texts = tags(labels);
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    sample.tags = views;
    take(sample);
  });
}

const std::string& OwnMetrics::wanted_name(std::string_view stat) {
  const auto known = names_.find(stat);
  if (known != names_.end()) return known->second;
  std::string name = metric_name(stat);
  if (!matches_any(wanted_, name)) name.clear();
  return names_.emplace(stat, std::move(name)).first->second;
}

std::string OwnMetrics::metric_name(std::string_view stat) {
  if (stat.ends_with(counter_ending)) stat.remove_suffix(counter_ending.size());
  if (stat.starts_with("scops_")) stat.remove_prefix(6);
  const std::string_view room = cut(stat, '_');
  return stat.empty() ? fmt::format("scops.{}", room) : fmt::format("scops.{}.{}", room, stat);
}

std::vector<std::string> OwnMetrics::tags(std::string_view labels) {
  std::vector<std::string> tags;
  while (!labels.empty()) {
    std::string_view label = cut(labels, ',');
    const std::string_view key = cut(label, '=');
    if (label.size() >= 2) label = label.substr(1, label.size() - 2);
    tags.push_back(fmt::format("{}:{}", key, label));
  }
  return tags;
}

}  // namespace scops
