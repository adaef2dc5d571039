// One of the three queues: what is due is handed over and removed, what cannot be used is dropped.
//
//   expired, far future -> erased      windows (raw), or all (wrapped, logs) -> intake -> commit -> erased
//   keys without value, values without key, keys of another type -> once they are old, or at once
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "collectors/listen/chouette/lease.hpp"
#include "collectors/listen/chouette/losses.hpp"
#include "collectors/listen/chouette/orphans.hpp"
#include "collectors/listen/chouette/pager.hpp"
#include "collectors/listen/chouette/taker.hpp"
#include "core/model/drain.hpp"
#include "core/runtime/stats.hpp"

namespace scops::chouette {

// One call of drain().
struct Round {
  Intake& intake;
  const std::stop_token& stop;
  bool closing = false;
  TimeMs now = 0;             // of the whole round
  std::int64_t deadline = 0;  // steady; when closing
};

struct QueueSetup {
  std::string_view name;  // "metrics:raw"
  Content content = Content::raw;
  Duration ttl{};
  std::size_t record_max = 0;  // bytes of one record
  std::size_t batch_max = 0;   // records between two commits
};

// What the queues of an agent share; all of it outlives them.
struct Shared {
  RedisClient& redis;
  Lease& lease;
  const Clock& clock;
  Stats& stats;
  std::string prefix;
  Duration window{};
  Duration lag{};
  TimeMs plausible_since = 0;  // an earlier wall clock has not been set yet
};

class Queue {
 public:
  Queue(const Shared& shared, const QueueSetup& setup);
  ~Queue() = default;
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // Removes what was made durable or dropped, but could not be removed then; drain() begins with it.
  Status finish();
  Status drain(const Round& round);

 private:
  Status clean_up(const Round& round);
  Status move(const Round& round);
  Status free_names();
  Status free_name(std::string_view key, std::string_view type, std::string_view wanted);
  Status drop(PackedIds ids);
  Status drop_range(const Round& round, Flaw flaw, const ScoreRange& range);
  Status move_windows(const Round& round, TimeMs oldest);
  Status move_range(const Round& round, const ScoreRange& range);
  Status take_page(const Round& round, const Page& page);
  bool take_record(const Round& round, std::string_view id, TimeMs time, const Found& found);
  Status commit(const Round& round);
  Status commit_good(const Round& round);
  Status count_unsure();
  Status count_waiting();
  [[nodiscard]] bool over(const Round& round) const;
  [[nodiscard]] bool batch_full(const Round& round) const;
  [[nodiscard]] TimeMs oldest_of(const Round& round) const;  // younger records are within their TTL
  [[nodiscard]] TimeMs window_end(TimeMs time) const;
  Result<std::optional<TimeMs>> first_time(const ScoreRange& range);
  void forget(const Round& round);

  const Shared& shared_;
  const QueueSetup setup_;
  const QueueNames names_;
  Taker taker_;
  Losses losses_;
  Orphans orphans_;
  Stat& records_;
  Stat& waiting_;
  Stat& windows_;
  Stat& cut_;

  std::size_t batch_;  // records between two commits: fewer after one that failed, until one succeeds

  // Since the last commit: handed over, and dropped.
  PackedIds good_, bad_;
  std::size_t bytes_ = 0;  // of records handed over
  PackedIds unfinished_;   // durable or dropped, still to be removed

  // Of a commit that failed, perhaps only by losing its answer: how many records, and the first of them.
  std::size_t unsure_ = 0;
  std::string unsure_id_;
  Intake::Recount recount_;
};

}  // namespace scops::chouette
