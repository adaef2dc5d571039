#include "transport/buffer/store.hpp"

namespace scops {

namespace {

Stat& dropped(Stats& stats, std::string_view label) {
  return stats.counter("scops_buffer_dropped_records_total", "Records lost in the buffer, by reason.", label);
}

}  // namespace

BufferCounters::BufferCounters(Stats& stats)
    : dropped_age(dropped(stats, R"(reason="age")")),
      dropped_bytes(dropped(stats, R"(reason="bytes")")),
      dropped_memory(dropped(stats, R"(reason="memory")")),
      dropped_damaged(dropped(stats, R"(reason="damaged")")),
      dropped_vanished(dropped(stats, R"(reason="vanished")")),
      commits(stats.counter("scops_buffer_commits_total", "Commits that were synced to the disk.")) {}

}  // namespace scops
