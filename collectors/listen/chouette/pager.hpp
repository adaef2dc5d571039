// The way through a queue: ids by score in pages, then the values of a page. By score and not by rank,
// because clients add and others remove meanwhile; any number of records may share a score.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/listen/chouette/packed_ids.hpp"
#include "collectors/listen/chouette/queue_commands.hpp"
#include "core/io/redis.hpp"
#include "core/model/metric.hpp"

namespace scops::chouette {

// Scores as Redis takes and gives them. `to` may begin with "(": the bound itself is not part of the range.
struct ScoreRange {
  std::string from, to;
};

// "1700000000.500".
[[nodiscard]] std::string score_text(TimeMs time);

// Rounded down, so that a record stays in the window of its score; nothing for what is no time, as infinity.
[[nodiscard]] std::optional<TimeMs> score_time(std::string_view score);

// Some records of a queue.
struct Page {
  PackedIds ids;
  std::vector<TimeMs> times;  // of the scores
};

class Pager {
 public:
  Pager(RedisClient& redis, const QueueNames& names, ScoreRange range)
      : redis_(redis), names_(names), range_(std::move(range)) {}

  // The next records, `most` of them at most, lowest score first; false: there are no more. A key with an id
  // that the client cannot read even alone is removed, and logged.
  Result<bool> next(Page& into, std::size_t most);
  // Records that it gave were erased: to be called before the next page.
  void erased() { taken_ = 0; }

 private:
  Result<RedisValue> read(std::size_t most);
  Status remove_next();

  RedisClient& redis_;
  const QueueNames& names_;
  ScoreRange range_;
  std::size_t size_max_ = SIZE_MAX;  // of a page, where ids are very long
  std::string score_, id_;           // of the last record given
  std::size_t taken_ = 0;            // records at the beginning of the range, all of that score
};

// What there is under an id.
struct Found {
  enum class State : std::uint8_t { missing, too_large, there } state = State::missing;
  std::string_view value;
};

// Calls `visit` for each record of the page, in order, with its value, until it says that it has enough; one
// longer than `limit` bytes is never in memory if that makes a reply too large. `visit` must not use `redis`.
using Visit = std::function<bool(std::string_view id, TimeMs time, const Found& found)>;
[[nodiscard]] Status visit_values(RedisClient& redis, const QueueNames& names, const Page& page,
                                  std::size_t limit, const Visit& visit);

}  // namespace scops::chouette
