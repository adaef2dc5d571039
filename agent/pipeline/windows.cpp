#include "agent/pipeline/windows.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/model/size.hpp"
#include "core/model/stamp.hpp"
#include "core/runtime/log.hpp"
#include "core/runtime/memory.hpp"

namespace scops {

namespace {

// Of the memory cap.
constexpr std::uint64_t windows_share = 6;

}  // namespace

Windows::Windows(const PipelineSettings& settings, PointSink& sink)
    : rules_(settings),
      length_(std::max<TimeMs>(1, settings.interval.count())),
      sink_(sink),
      pool_(std::min(size_from(settings.window_memory.count),
                     memory::share(windows_share, 1U << 20U, SIZE_MAX))) {}

void Windows::add(const RawSample& sample) {
  const TimeMs arrival = std::clamp(sample.arrival, -farthest_time, farthest_time);
  const TimeMs into = ((arrival % length_) + length_) % length_;
  Window& window = window_at(arrival - into);
  Fate fate = window.add(sample);
  relieve();
  if (fate == Fate::no_memory) fate = window.add(sample);
  sink_.fates().add(fate);
}

Window& Windows::window_at(TimeMs start) {
  const auto known = open_.find(start);
  if (known != open_.end()) return known->second;
  if (open_.size() >= open_max) {
    finish(open_.begin()->second);
    open_.erase(open_.begin());
  }
  return open_.try_emplace(start, rules_, pool_).first->second;
}

// When memory becomes scarce, what is exact becomes estimates, in all windows at once: else those who came
// first would keep everything and those who come later get nothing.
void Windows::relieve() {
  if (!pool_.scarce()) {
    squeezed_ = false;
  } else if (!squeezed_) {
    for (auto& [start, window] : open_) window.squeeze();
    squeezed_ = true;
    log::warn("pipeline", "window_memory_scarce",
              {{"hint", "histograms and sets are estimated; see pipeline.window_memory"}});
  }
}

void Windows::close(TimeMs now) {
  for (auto at = open_.begin(); at != open_.end();) {
    const bool ended = at->first + length_ <= now;
    const bool ahead = at->first > now && at->first - now > length_;
    if (ended || ahead) {
      finish(at->second);
      at = open_.erase(at);
    } else {
      ++at;
    }
  }
}

void Windows::close_all() {
  for (auto& [start, window] : open_) finish(window);
  open_.clear();
}

void Windows::finish(Window& window) {
  window.visit([this](RawType type, std::string_view name, const std::vector<std::string_view>& tags,
                      Aggregate& aggregate) {
    wrap(type, aggregate, rules_.wrapper, points_);
    const std::vector<std::string> all_tags = sink_.labels().with_global({tags.begin(), tags.end()});
    for (const WrappedPoint& point : points_) {
      Series series{
          .name = std::string(name), .tags = all_tags, .type = point.type, .interval_s = point.interval_s};
      series.name += point.suffix;
      (void)sink_.add(std::move(series), point.time, point.value);
    }
  });
}

}  // namespace scops
