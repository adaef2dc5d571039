// The power is cut at each write, sync and rename of the embedded buffer. Whatever of the unsynced writes the
// disk has kept, the next start finds every block whose put had returned, as it was, and none that was
// invented.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/io/block_format.hpp"
#include "core/io/files.hpp"
#include "tests/support/blocks.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/disk_calls.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/power_cut.hpp"
#include "tests/support/temp_dir.hpp"
#include "transport/buffer/embedded.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;

constexpr TimeMs now = 1'700'000'000'000;

// A put or an ack: between which calls of the disk it happened.
struct Deed {
  std::size_t begun = 0;
  std::size_t done = 0;
  bool returned = false;  // else it was an error
  std::string bytes = {};
};

struct Story {
  bool damaged = false;                       // from the start
  std::map<std::string, std::string> before;  // files
  std::vector<DiskCall> calls;
  std::vector<Deed> puts;
  std::vector<Deed> acks;
};

// The embedded buffer as a start finds it.
struct Started {
  explicit Started(const std::string& folder)
      : buffer(folder + "/buffer.db", FolderLock(), {"a"},
               Retention{64U << 20U, std::chrono::hours(4), std::chrono::hours(4)}, BufferCounters(stats)),
        opened(buffer.open().has_value()) {}
  double damaged() {
    return stats.counter("scops_buffer_dropped_records_total", "", R"(reason="damaged")").value();
  }

  Stats stats;
  EmbeddedBuffer buffer;
  bool opened;
};

// Told apart by its bytes, which do not compress. Every other one is large: thirty of these fill the log, so
// that it is moved into the file.
Block numbered_block(std::uint32_t number) {
  std::minstd_rand random(number + 1);
  std::string bytes(number % 2 == 0 ? 36'000 : 300, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() >> 7U);
  return {.id = {}, .kind = Kind::metrics, .records = 1, .newest = now, .bytes = seal_block(bytes)};
}

class Teller {
 public:
  explicit Teller(const std::string& folder) : disk(folder) {}

  // With what lies there already.
  void start_damaged(const std::string& folder) {
    story_.damaged = true;
    for (const auto& file : fs::directory_iterator(folder)) {
      story_.before[file.path().filename()] = read_file(file.path(), 64U << 20U).value_or("");
    }
    start(folder);
    const auto blocks = started_->buffer.read("a", Kind::metrics, {});
    REQUIRE(blocks);
    REQUIRE_FALSE(blocks->empty());
    REQUIRE(fs::exists(folder + "/buffer.db.aside-1"));
    for (const Block& block : *blocks) story_.puts.push_back({.returned = true, .bytes = block.bytes});
  }
  void start(const std::string& folder) {
    started_ = std::make_unique<Started>(folder);
    REQUIRE(started_->opened);
  }
  void put(std::uint32_t number) {
    const Block block = numbered_block(number);
    Deed deed{.begun = disk.count()};
    deed.returned = started_->buffer.put(block).has_value();
    deed.done = disk.count();
    deed.bytes = block.bytes;
    story_.puts.push_back(deed);
  }
  void ack(std::uint32_t blocks) {
    const auto read = started_->buffer.read("a", Kind::metrics, {.records = blocks});
    REQUIRE(read);
    for (const Block& block : *read) {
      Deed deed{.begun = disk.count()};
      deed.returned = started_->buffer.ack("a", {&block.id, 1}).has_value();
      deed.done = disk.count();
      deed.bytes = block.bytes;
      story_.acks.push_back(deed);
    }
  }
  Story end() {
    started_.reset();
    story_.calls = disk.calls();
    return std::move(story_);
  }

  DiskCalls disk;

 private:
  Story story_;
  std::unique_ptr<Started> started_;
};

// Puts, acks that lag behind, and a restart in the middle. `round` is called before each put.
Story tell(const std::function<void(DiskCalls&, std::uint32_t)>& round = {}) {
  const TempDir folder;
  Teller teller(folder.path());
  teller.start(folder.path());
  for (std::uint32_t number = 0; number < 90; ++number) {
    if (round) round(teller.disk, number);
    teller.put(number);
    if (number % 4 == 3) teller.ack(3);
    if (number % 30 == 29) teller.ack(10);
  }
  return teller.end();
}

// A file with a page that was overwritten: the start repairs it.
Story tell_of_repair() {
  const TempDir folder;
  {
    Started started(folder.path());
    for (std::uint32_t number = 0; number < 40; ++number) {
      REQUIRE(started.buffer.put(numbered_block(2 * number + 101)));
    }
  }
  {
    const auto middle = fs::file_size(folder / "buffer.db") / page_size / 2 * page_size;
    std::fstream file(folder / "buffer.db", std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(middle));
    file << std::string(page_size, 'x');
  }
  Teller teller(folder.path());
  teller.start_damaged(folder.path());
  for (std::uint32_t number = 0; number < 4; ++number) teller.put(number);
  return teller.end();
}

// What must and what may be there after a cut at call `at`.
struct Expected {
  std::set<std::string> must;
  std::set<std::string> may;
};

Expected expected_at(const Story& story, std::size_t at) {
  Expected expected;
  std::size_t synced = 0;  // where the last put began that had returned: acks before it are as durable
  for (const Deed& put : story.puts) {
    if (put.begun > at) break;
    expected.may.insert(put.bytes);
    if (!put.returned || put.done > at) continue;
    expected.must.insert(put.bytes);
    synced = put.begun;
  }
  for (const Deed& ack : story.acks) {
    if (ack.begun > at) break;
    expected.must.erase(ack.bytes);
    if (ack.returned && ack.done <= synced) expected.may.erase(ack.bytes);
  }
  return expected;
}

void check_state(const std::string& folder, const Expected& expected, std::size_t at, bool damaged) {
  INFO("cut at call " << at);
  Started after(folder);
  REQUIRE(after.opened);
  const auto blocks = after.buffer.read("a", Kind::metrics, {});
  REQUIRE(blocks);
  std::set<std::string> found;
  std::size_t invented = 0;
  for (const Block& block : *blocks) {
    if (expected.may.count(block.bytes) == 0) ++invented;
    found.insert(block.bytes);
  }
  const auto lost = std::count_if(expected.must.begin(), expected.must.end(),
                                  [&](const std::string& bytes) { return found.count(bytes) == 0; });
  REQUIRE(found.size() == blocks->size());
  REQUIRE(invented == 0);
  REQUIRE(lost == 0);
  REQUIRE((damaged || after.damaged() == 0));
  REQUIRE(after.buffer.put(numbered_block(1001)));  // and it works
  REQUIRE(after.buffer.read("a", Kind::metrics, {})->size() == blocks->size() + 1);
}

// `states` of them, spread over the calls of the story; returns at how many different calls.
std::size_t cut(const Story& story, int states, std::uint32_t seed) {
  INFO("seed " << seed);
  std::mt19937 random(seed);
  std::vector<std::size_t> points;
  for (int i = 0; i < states; ++i) points.push_back(random() % (story.calls.size() + 1));
  std::sort(points.begin(), points.end());
  PowerCut power(story.calls, random, story.before);
  for (const std::size_t at : points) {
    power.forward_to(at);
    const TempDir folder;
    const DiskCalls no_syncs(folder.path());
    power.write_to(folder.path());
    check_state(folder.path(), expected_at(story, at), at, story.damaged);
  }
  return std::set<std::size_t>(points.begin(), points.end()).size();
}

std::uint32_t any_seed() { return std::random_device()(); }

}  // namespace

TEST_CASE("a power cut at any write of a flush loses no block whose put returned", "[disk]") {
  const Story story = tell();
  const int states = fault_tries(150, 10'000);
  const std::size_t points = cut(story, states, any_seed());
  record_fault({.area = "Disk",
                .promise = "what put returned for is there after a power cut",
                .fault =
                    "power cut at any write, sync, resize or name change; of what was not synced the disk "
                    "keeps nothing, all, or any of its sectors",
                .tried = states,
                .outcome = fmt::format(
                    "cut at {} of {} moments between calls: every block whole, none invented, none damaged",
                    points, story.calls.size() + 1)});
}

TEST_CASE("a sync that fails costs nothing that put returned for, before or after", "[disk]") {
  const std::uint32_t seed = any_seed();
  std::mt19937 random(seed);
  INFO("seed " << seed);
  const int stories = fault_tries(2, 40);
  const int states = fault_tries(40, 100);
  const CapturedLog quiet;
  int failures = 0;
  for (int i = 0; i < stories; ++i) {
    const Story story = tell([&](DiskCalls& disk, std::uint32_t number) {
      const bool fails = number % 8 == random() % 8;
      disk.fail([=, &failures](const DiskCall& call) {
        if (!fails || call.what != DiskCall::What::sync) return 0;
        ++failures;
        return EIO;
      });
    });
    (void)cut(story, states, any_seed());
  }
  CHECK(failures > 0);
  record_fault(
      {.area = "Disk",
       .promise = "what put returned for is there after a power cut",
       .fault = "fsync answers EIO now and then, what it should have written is gone; a power cut later",
       .tried = stories * states,
       .outcome = fmt::format("{} failed syncs: no block lost whose put had returned", failures)});
}

TEST_CASE("a power cut while a damaged file is replaced costs nothing that could be read", "[disk]") {
  const CapturedLog quiet;
  const Story story = tell_of_repair();
  const int states = fault_tries(150, 5'000);
  const std::size_t points = cut(story, states, any_seed());
  record_fault({.area = "Disk",
                .promise = "what can be read of a damaged file is served",
                .fault = "power cut at any write, sync or name change while the file is replaced",
                .tried = states,
                .outcome = fmt::format(
                    "cut at {} of {} moments between calls: every block that could be read before is there",
                    points, story.calls.size() + 1)});
}

}  // namespace scops::test
