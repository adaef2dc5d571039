#include "core/config/names.hpp"

#include "core/config/value.hpp"
#include "core/model/text.hpp"

namespace scops {
namespace {

constexpr std::string_view prefix = "SCOPS_";

std::string_view without_prefix(std::string_view name) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

template <class Table>
auto find_in(const Table& table, std::string_view name) {
  const auto found = table.find(name);
  return found == table.end() ? nullptr : &found->second;
}

}  // namespace

Names::Names(std::span<const Section> sections) {
  for (const Section& section : sections) {
    for (const Option& option : section.options) {
      const std::size_t row = rows_.size();
      rows_.push_back({&section, &option});
      keys_.try_emplace(key_name(section, option), Found{.row = row});
      std::size_t rank = 0;
      variables_.try_emplace(environment_name(section, option), Found{.row = row, .rank = rank});
      for (const std::string_view alias : split_names(option.text.aliases)) {
        rank += 2;  // between two names is room for the first one's _FILE
        variables_.try_emplace(to_upper(alias), Found{.row = row, .rank = rank});
      }
    }
  }
  // Last, so that an option whose own name ends with _FILE is not taken for another's file.
  const Table names = variables_;
  for (const auto& [name, found] : names) {
    variables_.try_emplace(name + "_FILE", Found{.row = found.row, .rank = found.rank + 1, .is_path = true});
  }
}

const Names::Found* Names::find_key(std::string_view name) const { return find_in(keys_, name); }

const Names::Found* Names::find_variable(std::string_view name) const {
  return find_in(variables_, to_upper(name));
}

std::string Names::nearest_key(std::string_view wrong) const {
  std::vector<std::string_view> known;
  for (const auto& [name, found] : keys_) known.push_back(name);
  return std::string(nearest_name(wrong, known));
}

// Compared without the prefix: it would make short names alike, and SCOPS_API_KEY can mean API_KEY.
std::string Names::nearest_variable(std::string_view wrong) const {
  std::vector<std::string_view> known;
  for (const auto& [name, found] : variables_) {
    if (!found.is_path) known.push_back(without_prefix(name));
  }
  const std::string upper = to_upper(wrong);
  const std::string_view nearest = nearest_name(without_prefix(upper), known);
  if (nearest.empty() || variables_.contains(nearest)) return std::string(nearest);
  return std::string(prefix).append(nearest);
}

}  // namespace scops
