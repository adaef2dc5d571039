// Which queues there are: Dramatiq keeps the messages of queue Q in the hash <namespace>:Q.msgs. The keys are
// looked for with SCAN, in rounds of a bounded number of keys, and within a time budget: what is not finished
// is continued at the next call, with what is known until then.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/proc/name_filter.hpp"
#include "collectors/pull/dramatiq/settings.hpp"
#include "core/io/redis.hpp"
#include "core/model/result.hpp"
#include "core/runtime/clock.hpp"

namespace scops::dramatiq {

// The queue that a key holds the messages of, a part of `key`; nothing when it is none's.
[[nodiscard]] std::optional<std::string_view> queue_of_key(std::string_view key, std::string_view key_space);

// What SCAN is to match: the characters of globs in the namespace stand for themselves.
[[nodiscard]] std::string key_pattern(std::string_view key_space);

// Keys that are left out, in words: how many, and the first of them.
struct LeftOut {
  std::uint64_t count = 0;
  std::string first;  // and why

  void add(std::string_view key, std::string_view why);
};

class QueueScan {
 public:
  struct Queue {
    std::uint64_t seen = 0;  // number of the scan
  };
  using Queues = std::map<std::string, Queue, std::less<>>;  // by key

  // All outlive it.
  QueueScan(const DramatiqSettings& settings, RedisClient& redis, const Clock& clock);

  // Looks for queues until the scan is through or the budget spent. Does nothing when the last scan was long
  // and not long ago: once all keys have been seen, looking takes a fiftieth of the time at most.
  Status look();

  // Whose sizes are to be asked. The one who asks forgets what is gone and empty.
  [[nodiscard]] Queues& queues() { return queues_; }
  // The one behind it.
  Queues::iterator forget(Queues::iterator queue);
  // Has a scan gone through all keys yet?
  [[nodiscard]] bool complete() const { return complete_ > 0; }
  // Did the last scan that went through not see it?
  [[nodiscard]] bool gone(const Queue& queue) const { return queue.seen < complete_; }
  // By that scan.
  [[nodiscard]] const LeftOut& left_out() const { return left_out_; }

 private:
  [[nodiscard]] Result<bool> step();  // true: through
  void take(std::string_view key);
  void begin_again();
  void finish();

  const DramatiqSettings& settings_;
  const NameFilter filter_;
  const std::string pattern_;
  const std::string count_;
  RedisClient& redis_;
  const Clock& clock_;

  Queues queues_;
  std::size_t bytes_ = 0;  // of them
  const std::size_t bytes_max_;
  std::string cursor_ = "0";
  std::uint64_t scan_ = 1;        // number of the one that is under way or comes next
  std::uint64_t complete_ = 0;    // number of the last one that went through
  std::uint64_t connection_ = 0;  // that it was begun on
  LeftOut leaving_out_, left_out_;
  std::int64_t spent_ms_ = 0;  // on this scan
  std::int64_t next_ms_ = 0;   // when the next one may begin
};

}  // namespace scops::dramatiq
