#include "agent/pipeline/labels.hpp"

#include <algorithm>

#include "core/model/text.hpp"

namespace scops {

std::string tag_text(const Tag& tag) {
  std::string text(tag.key);
  if (!tag.value.empty()) {
    text += ':';
    text += tag.value;
  }
  return text;
}

Labels::Labels(const PipelineSettings& settings)
    : tags_(settings.tags), include_(settings.include), exclude_(settings.exclude) {}

bool Labels::wanted(std::string_view name) const {
  return (include_.empty() || matches_any(include_, name)) && !matches_any(exclude_, name);
}

std::vector<std::string> Labels::with_global(std::vector<std::string> tags) const {
  tags.insert(tags.end(), tags_.begin(), tags_.end());
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  return tags;
}

}  // namespace scops
