// The inside of the jetson collector: a topic looks for one kind of part (scan), then reads what it found at
// each capture. jetson.cpp makes those that are wanted, runs them in turn and says when to scan again.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "collectors/proc/kept_file.hpp"
#include "collectors/pull/jetson/settings.hpp"
#include "core/model/collector.hpp"
#include "core/model/result.hpp"
#include "core/runtime/clock.hpp"

namespace scops::jetson {

// What a topic is made from; both outlive it.
struct TopicContext {
  const JetsonSettings& settings;
  const Clock& clock;

  // Is the group one of the option `metrics`? The loader has put them into lower case.
  [[nodiscard]] bool wants(std::string_view group) const {
    return std::find(settings.metrics.begin(), settings.metrics.end(), group) != settings.metrics.end();
  }
};

// The kernel tells clocks in Hz, those of processors in kHz; metrics have MHz.
inline constexpr double hertz_of_khz = 1e3, khz_of_mhz = 1e3, hertz_of_mhz = 1e6;

// As a percentage with two decimals: more is noise, and costs bytes on the way.
[[nodiscard]] double percentage(double part, double whole);

class Topic {
 public:
  virtual ~Topic() = default;
  // Forgets all, descriptors too, and looks again. Reads names and labels; collect() reads values.
  virtual void scan() = 0;
  // Emits what is true now. ErrorKind::absent: there is no such part here.
  virtual Status collect(Emit& emit) = 0;

  // Has a file vanished since the last call, so that a scan is due?
  [[nodiscard]] bool take_vanished() { return std::exchange(vanished_, false); }

 protected:
  // What a file holds; nothing when it gives nothing, which is how a part without power answers.
  [[nodiscard]] std::optional<std::string_view> read(KeptFile& file, std::span<char> room);
  // Its whole number; nothing, too, when it holds something else.
  [[nodiscard]] std::optional<double> read_number(KeptFile& file);

 private:
  template <class T>
  std::optional<T> noted(const Result<T>& result) {
    if (result) return *result;
    vanished_ = vanished_ || result.error().kind == ErrorKind::absent;
    return std::nullopt;
  }

  bool vanished_ = false;
};

// Each is null when none of its groups is wanted.
std::unique_ptr<Topic> make_board(const TopicContext& context);
std::unique_ptr<Topic> make_gpu(const TopicContext& context);
std::unique_ptr<Topic> make_temperature(const TopicContext& context);
std::unique_ptr<Topic> make_power(const TopicContext& context);
std::unique_ptr<Topic> make_emc(const TopicContext& context);
std::unique_ptr<Topic> make_engines(const TopicContext& context);
std::unique_ptr<Topic> make_fan(const TopicContext& context);
std::unique_ptr<Topic> make_throttle(const TopicContext& context);
std::unique_ptr<Topic> make_cooling(const TopicContext& context);
std::unique_ptr<Topic> make_devfreq(const TopicContext& context);
std::unique_ptr<Topic> make_hwmon(const TopicContext& context);
std::unique_ptr<Topic> make_nvpmodel(const TopicContext& context);
std::unique_ptr<Topic> make_cpu(const TopicContext& context);
std::unique_ptr<Topic> make_memory(const TopicContext& context);  // ram, swap, gpu_memory

}  // namespace scops::jetson
