#include "transport/buffer/store.hpp"

#include <string>

#include "core/runtime/log.hpp"

namespace scops {

namespace {

Stat& dropped(Stats& stats, std::string_view label) {
  return stats.counter("scops_buffer_dropped_records_total", "Records lost in the buffer, by reason.", label);
}

}  // namespace

Timeline::Now Retention::now(TimeMs told) const {
  return timeline != nullptr ? timeline->now() : Timeline::Now{.wall = told};
}

Timeline::Date Retention::date(const Timeline::Now& now, Kind kind, TimeMs newest, const Stamp& stamp) const {
  const TimeMs ttl = (kind == Kind::metrics ? metric_ttl : log_ttl).count();
  if (timeline != nullptr) return timeline->date(now, stamp, newest, ttl);
  return {.verdict = newest < now.wall - ttl ? Timeline::Verdict::old : Timeline::Verdict::ready};
}

void BufferCounters::expired(const Expired& records) const {
  dropped_age.add(static_cast<double>(records.old));
  if (records.undated == 0) return;
  dropped_undated.add(static_cast<double>(records.undated));
  log::warn("buffer", "undated",
            {{"records", std::to_string(records.undated)},
             {"reason", "of an earlier boot whose clock was never set"}});
}

BufferCounters::BufferCounters(Stats& stats)
    : dropped_age(dropped(stats, R"(reason="age")")),
      dropped_undated(dropped(stats, R"(reason="undated")")),
      dropped_bytes(dropped(stats, R"(reason="bytes")")),
      dropped_memory(dropped(stats, R"(reason="memory")")),
      dropped_damaged(dropped(stats, R"(reason="damaged")")),
      dropped_vanished(dropped(stats, R"(reason="vanished")")),
      commits(stats.counter("scops_buffer_commits_total", "Commits that were synced to the disk.")) {}

}  // namespace scops
