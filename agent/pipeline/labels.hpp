// Global tags and name filters: what every sample gets, wherever it comes from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/pipeline/settings.hpp"
#include "core/model/metric.hpp"

namespace scops {

// "key:value", or "key" alone when the value is empty.
[[nodiscard]] std::string tag_text(const Tag& tag);

class Labels {
 public:
  explicit Labels(const PipelineSettings& settings);

  // Do include and exclude let this full name pass?
  [[nodiscard]] bool wanted(std::string_view name) const;

  // `tags` and the global ones, sorted, without duplicates.
  [[nodiscard]] std::vector<std::string> with_global(std::vector<std::string> tags) const;

  [[nodiscard]] const std::vector<std::string>& global() const { return tags_; }

 private:
  TextList tags_;
  TextList include_;
  TextList exclude_;
};

}  // namespace scops
