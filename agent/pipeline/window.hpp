// The raw metrics of one window, grouped by type, name and set of tags, whatever the order in which they
// come. After a series' first report a further one costs a map lookup and no allocation but the growth of its
// values. Not thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/pipeline/fates.hpp"
#include "agent/pipeline/memory_share.hpp"
#include "agent/pipeline/wrapper.hpp"
#include "core/model/metric.hpp"

namespace scops {

struct WindowRules {
  WrapperRules wrapper;
  std::size_t series_max;
  std::size_t histogram_exact;
  std::size_t set_exact;

  explicit WindowRules(const PipelineSettings& settings);
};

class Window {
 public:
  static constexpr std::size_t longest_key = 4096;  // name and tags of a series, 4 bytes more for each

  // Both outlive the window.
  Window(const WindowRules& rules, MemoryPool& pool) : rules_(rules), memory_(pool) {}

  // Fate::raw when the sample was taken, else why not.
  Fate add(const RawSample& sample);

  // Gives memory back: histograms and sets are estimated from now on.
  void squeeze();

  // Each series once, in no particular order; the views live during the call. Tags are sorted and unique.
  using Visitor = std::function<void(RawType type, std::string_view name,
                                     const std::vector<std::string_view>& tags, Aggregate& aggregate)>;
  void visit(const Visitor& visitor);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Map = std::unordered_map<std::string, Aggregate, Hash, std::equal_to<>>;

  [[nodiscard]] bool make_key(const RawSample& sample);
  [[nodiscard]] Fate find_or_add(RawType type, Aggregate*& aggregate);
  void merge(const RawSample& sample, Aggregate& into);

  const WindowRules& rules_;
  MemoryShare memory_;
  Map series_;
  std::vector<std::string_view> tags_;  // reused
  std::string key_;                     // reused
};

}  // namespace scops
