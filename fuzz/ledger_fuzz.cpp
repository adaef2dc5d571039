// The embedded buffer's books over rows that its file may hold after anything: blocks, acked ranges, stamps
// of clocks, and the file `clock`, while time goes on in steps of any size. Promises: the books add up,
// nothing that is gone is given, and what was acked is what the ranges say.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "agent/clock_watch.hpp"
#include "core/model/stamp.hpp"
#include "core/runtime/timeline.hpp"
#include "fuzz/input.hpp"
#include "transport/buffer/block_file.hpp"
#include "transport/buffer/ledger.hpp"

namespace {

using namespace scops;

void expect(bool holds) {
  if (!holds) std::abort();
}

class GivenClock final : public Clock {
 public:
  [[nodiscard]] TimeMs wall() const override { return wall_; }
  [[nodiscard]] std::int64_t steady() const override { return boot_; }
  [[nodiscard]] std::int64_t boot() const override { return boot_; }
  [[nodiscard]] bool synchronised() const override { return sure_; }
  void step(fuzz::Input& input) {
    wall_ = static_cast<TimeMs>(input.number(6)) % farthest_time;
    boot_ += static_cast<std::int64_t>(input.number(4));
    sure_ = (input.byte() & 1U) != 0;
  }

 private:
  TimeMs wall_ = 1'700'000'000'000;
  std::int64_t boot_ = 1000;
  bool sure_ = false;
};

Kind kind_of(std::uint8_t byte) { return kinds[byte % std::size(kinds)]; }

BlockRow row_of(fuzz::Input& input, std::int64_t last_id) {
  BlockRow row;
  const std::uint8_t strange = input.byte();  // a bit for each number that may be any
  row.id = (strange & 1U) != 0 ? input.integer() : last_id + 1 + input.byte();
  row.kind = (strange & 2U) != 0 ? input.integer() : 1 + input.byte() % 3;
  row.records = (strange & 4U) != 0 ? input.integer() : input.byte();
  row.newest = (strange & 8U) != 0 ? input.integer() : static_cast<TimeMs>(input.number(6));
  row.size = (strange & 16U) != 0 ? input.integer() : input.byte();
  row.head = input.text();
  return row;
}

void check_next(const Ledger& ledger, fuzz::Input& input) {
  const Kind kind = kind_of(input.byte());
  const auto records = static_cast<std::uint32_t>(input.number(2));
  std::uint64_t sum = 0;
  const Ledger::Next next =
      ledger.next(input.byte() % 2, kind, {.records = records, .since = input.integer()});
  for (const std::uint64_t id : next.ids) {
    const Entry* const entry = ledger.find(id);
    expect(entry != nullptr && !entry->gone && entry->kind == kind);
    sum += entry->records;
    (void)ledger.shift(*entry);
  }
  expect(sum <= records || next.ids.size() == 1);
}

void check_books(const Ledger& ledger) {
  BufferStats sums;
  for (const Entry& entry : ledger.entries()) {
    if (entry.gone) continue;
    ++sums.blocks;
    sums.records += entry.records;
    sums.bytes += entry.size;
  }
  const BufferStats stats = ledger.stats();
  expect(stats.blocks == sums.blocks && stats.records == sums.records && stats.bytes == sums.bytes);
  expect(ledger.gone().size() == ledger.entries().size() - sums.blocks);
}

// What ranges() says makes, of books in which nothing is acked, the same again.
void check_ranges(const Ledger& ledger, Kind kind) {
  Ledger again({"a", "b"});
  for (Entry entry : ledger.entries()) {
    entry.acked = 0;
    entry.gone = false;
    again.add(entry);
  }
  std::uint64_t before = 0;
  for (const IdRange& range : ledger.ranges(0, kind, 1024)) {
    expect(range.first <= range.last && (before == 0 || range.first > before) &&
           range.last < ledger.next_id());
    before = range.last;
    again.ack_range(0, kind, range);
  }
  for (const Entry& entry : ledger.entries()) {
    if (entry.kind != kind) continue;
    expect(((again.find(entry.id)->acked & 1U) != 0) == (entry.gone || (entry.acked & 1U) != 0));
  }
}

void do_one(Ledger& ledger, Timeline& timeline, GivenClock& clock, fuzz::Input& input) {
  constexpr std::int64_t file_max = 1 << 20;
  switch (input.byte() % 9) {
    case 0:
    case 1: {  // as when the file is read: ids ascend
      const auto last = static_cast<std::int64_t>(ledger.next_id() - 1);
      const auto entry = to_entry(row_of(input, last), file_max);
      if (entry && entry->id >= ledger.next_id()) ledger.add(*entry);
      break;
    }
    case 2: {
      const std::uint64_t first = input.number(2);
      ledger.ack_range(input.byte() % 2, kind_of(input.byte()), {first, first + input.number(8) / 2});
      break;
    }
    case 3:
      check_next(ledger, input);
      break;
    case 4:
      clock.step(input);
      break;
    case 5:
      (void)ledger.expire(0);
      break;
    case 6: {
      for (const std::uint64_t id : ledger.in_the_way(input.byte(), input.number(2))) (void)ledger.retire(id);
      break;
    }
    case 7:
      ledger.sweep();
      break;
    default:
      for (const auto& [boot, offset] : parse_boots(input.text())) {
        expect(boot != 0 && offset >= 0);
        timeline.remember(boot, offset);
      }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  fuzz::Input input({reinterpret_cast<const char*>(data), size});                    // NOLINT
  GivenClock clock;
  constexpr TimeMs built = 1'600'000'000'000;
  Timeline timeline(clock, 7, built);
  Ledger ledger({"a", "b"}, {.bytes_max = 1 << 20,
                             .metric_ttl = Duration(14'400'000),
                             .log_ttl = Duration(64'800'000),
                             .timeline = &timeline});
  while (!input.empty()) do_one(ledger, timeline, clock, input);
  check_books(ledger);
  for (const Kind kind : kinds) check_ranges(ledger, kind);
  return 0;
}
