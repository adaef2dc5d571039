// Interns what collectors emit: one entry a series, found again without an allocation. Bounded in number and,
// under a memory cap, in bytes: when full, new series are refused until idle ones have been swept. Not
// thread-safe: the pipeline holds its lock.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/model/metric.hpp"

namespace scops {

class SeriesTable {
 public:
  // `fixed_tags` ("key:value") are added to every series.
  SeriesTable(std::size_t capacity, std::vector<std::string> fixed_tags);

  enum class Verdict : std::uint8_t {
    known,       // it has an index
    series_max,  // new, and the table is full
    memory_max,  // new, and the table has its share of the memory, or the process is at its cap
    too_long,    // longer than `longest_key`, or no block takes it
  };
  struct Place {
    Verdict verdict = Verdict::known;
    std::uint32_t index = 0;
  };
  // The series that `metric` belongs to, its name being `prefix` + metric.name.
  Place find_or_add(const Metric& metric, std::string_view prefix);

  [[nodiscard]] const std::vector<Series>& series() const { return series_; }
  [[nodiscard]] std::size_t size() const { return series_.size(); }

  // Ends a flush: forgets series unseen for `idle_flushes` flushes once the table is half full. True when
  // some were forgotten: indices handed out before are invalid then.
  bool sweep();

  static constexpr std::size_t longest_key = 4096;  // name and tags, 4 bytes more for each
  static constexpr std::uint32_t idle_flushes = 6;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  [[nodiscard]] bool make_key(const Metric& metric, std::string_view prefix);
  [[nodiscard]] Series make_series(const Metric& metric, std::string_view prefix) const;
  [[nodiscard]] bool heavy() const;

  std::size_t capacity_;
  std::size_t weight_max_;
  std::size_t weight_ = 0;  // about the bytes of all series
  std::vector<std::string> fixed_tags_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> index_;
  std::vector<Series> series_;
  std::vector<std::uint32_t> last_seen_;  // flush number, by index
  std::uint32_t flush_ = 0;
  std::vector<Tag> sorted_;  // reused
  std::string key_;          // reused
};

}  // namespace scops
