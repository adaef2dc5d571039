#include "core/runtime/stats.hpp"

#include <fmt/format.h>

namespace scops {

Stat& Stats::counter(std::string_view name, std::string_view help, std::string_view labels) {
  return find(Type::counter, name, help, labels);
}

Stat& Stats::gauge(std::string_view name, std::string_view help, std::string_view labels) {
  return find(Type::gauge, name, help, labels);
}

Stat& Stats::find(Type type, std::string_view name, std::string_view help, std::string_view labels) {
  const std::scoped_lock lock(mutex_);
  auto family = families_.find(name);
  if (family == families_.end()) {
    family = families_.try_emplace(std::string(name), Family{type, std::string(help), {}}).first;
  }
  return family->second.stats.try_emplace(std::string(labels)).first->second;
}

void Stats::visit(const Visitor& visitor) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [name, family] : families_) {
    for (const auto& [labels, stat] : family.stats) visitor(name, labels, stat.value());
  }
}

std::string Stats::prometheus() const {
  const std::scoped_lock lock(mutex_);
  std::string page;
  const auto into = std::back_inserter(page);
  for (const auto& [name, family] : families_) {
    fmt::format_to(into, "# HELP {} {}\n# TYPE {} {}\n", name, family.help, name,
                   family.type == Type::counter ? "counter" : "gauge");
    for (const auto& [labels, stat] : family.stats) {
      if (labels.empty()) {
        fmt::format_to(into, "{} {}\n", name, stat.value());
      } else {
        fmt::format_to(into, "{}{{{}}} {}\n", name, labels, stat.value());
      }
    }
  }
  return page;
}

}  // namespace scops
