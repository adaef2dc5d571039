// The files of the embedded buffer are changed by somebody else, while it runs or between two runs, or the
// disk refuses calls. A copy of the folder is what a kill -9 at this moment would leave.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/io/block_codec.hpp"
#include "core/io/files.hpp"
#include "core/io/sqlite.hpp"
#include "tests/support/blocks.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/disk_calls.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/temp_dir.hpp"
#include "transport/buffer/buffer.hpp"
#include "transport/buffer/embedded.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;

constexpr TimeMs now = 1'700'000'000'000;

// What the agent makes of a state folder: the store behind its queue.
struct Agent {
  explicit Agent(const std::string& folder) {
    auto opened = open_buffer(buffer_settings(),
                              {.folder = folder, .outputs = {"a"}, .clock = &clock, .stats = &stats});
    REQUIRE(opened);
    buffer = std::move(*opened);
  }
  void flush(std::uint64_t mark) {
    put(*buffer, block_of(40, now, mark));
    REQUIRE(buffer->maintain(now));
  }
  std::set<std::string> waiting() {
    std::set<std::string> all;
    for (Block& block : read(*buffer, "a")) all.insert(std::move(block.bytes));
    return all;
  }

  FakeClock clock;
  Stats stats;
  std::unique_ptr<Buffer> buffer;
};

std::set<std::string> blocks_of(std::uint64_t first, std::uint64_t last) {
  std::set<std::string> all;
  for (std::uint64_t mark = first; mark < last; ++mark) all.insert(block_of(40, now, mark).bytes);
  return all;
}

bool includes(const std::set<std::string>& all, const std::set<std::string>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

void write(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::set<std::string> after_kill(const std::string& folder) {
  const TempDir copy;
  for (const auto& file : fs::directory_iterator(folder)) {
    if (file.is_regular_file()) fs::copy_file(file.path(), copy / file.path().filename().string());
  }
  return Agent(copy.path()).waiting();
}

using Mischief = std::function<void(const std::string& folder)>;

void make_foreign_database(const std::string& path) {
  auto database = Database::open(path, 4096);
  REQUIRE(database);
  REQUIRE(database->exec("CREATE TABLE people(name TEXT); INSERT INTO people VALUES('Ada')"));
}

// Of the file while it is open. All that it held can still be read through the agent's descriptor.
const std::vector<std::pair<std::string, Mischief>>& while_running() {
  static const std::vector<std::pair<std::string, Mischief>> all = {
      {"the file is deleted", [](const std::string& f) { fs::remove(f + "/buffer.db"); }},
      {"the log is deleted", [](const std::string& f) { fs::remove(f + "/buffer.db-wal"); }},
      {"both are deleted",
       [](const std::string& f) {
         fs::remove(f + "/buffer.db");
         fs::remove(f + "/buffer.db-wal");
       }},
      {"the folder is deleted", [](const std::string& f) { fs::remove_all(f); }},
      {"the folder is renamed", [](const std::string& f) { fs::rename(f, f + "-old"); }},
      {"the folder is replaced by an empty one",
       [](const std::string& f) {
         fs::rename(f, f + "-old");
         fs::create_directory(f);
       }},
      {"the file is renamed", [](const std::string& f) { fs::rename(f + "/buffer.db", f + "/mine"); }},
      {"another program's database takes its place",
       [](const std::string& f) {
         fs::remove(f + "/buffer.db");
         make_foreign_database(f + "/other.db");
         fs::rename(f + "/other.db", f + "/buffer.db");
       }},
      {"a folder takes its place",
       [](const std::string& f) {
         fs::remove(f + "/buffer.db");
         fs::create_directories(f + "/buffer.db/inside");
       }},
      {"a FIFO takes its place",
       [](const std::string& f) {
         fs::remove(f + "/buffer.db");
         REQUIRE(::mkfifo((f + "/buffer.db").c_str(), S_IRWXU) == 0);
       }},
      {"a link to nothing takes its place",
       [](const std::string& f) {
         fs::remove(f + "/buffer.db");
         fs::create_symlink(f + "/nothing", f + "/buffer.db");
       }},
      {"a link to /dev/full takes its place",
       [](const std::string& f) {
         fs::remove(f + "/buffer.db");
         fs::create_symlink("/dev/full", f + "/buffer.db");
       }},
      {"the log is emptied", [](const std::string& f) { fs::resize_file(f + "/buffer.db-wal", 0); }},
  };
  return all;
}

// Before a start: nothing of the file can be used any more, or all of it.
const std::vector<std::pair<std::string, Mischief>>& before_start() {
  static const std::vector<std::pair<std::string, Mischief>> all = {
      {"the log is a folder", [](const std::string& f) { fs::create_directory(f + "/buffer.db-wal"); }},
      {"the log is a FIFO",
       [](const std::string& f) { REQUIRE(::mkfifo((f + "/buffer.db-wal").c_str(), S_IRWXU) == 0); }},
      {"the log is a link to /dev/zero",
       [](const std::string& f) { fs::create_symlink("/dev/zero", f + "/buffer.db-wal"); }},
      {"the log is garbage",
       [](const std::string& f) { write(f + "/buffer.db-wal", std::string(70'000, 'x')); }},
      {"a journal is garbage",
       [](const std::string& f) { write(f + "/buffer.db-journal", std::string(7'000, 'x')); }},
      {"a journal is a folder", [](const std::string& f) { fs::create_directory(f + "/buffer.db-journal"); }},
      {"an index of the log is garbage",
       [](const std::string& f) { write(f + "/buffer.db-shm", std::string(40'000, 'x')); }},
      {"the names of set-aside files are taken by folders",
       [](const std::string& f) {
         for (const char* name : {"/buffer.db.aside-1", "/buffer.db.aside-2"})
           fs::create_directories(f + name + "/inside");
         write(f + "/buffer.db", "garbage");
       }},
      {"a copy was not finished",
       [](const std::string& f) { write(f + "/buffer.db.new", std::string(5000, 'x')); }},
      {"the file is a folder that is not empty",
       [](const std::string& f) {
         fs::remove(f + "/buffer.db");
         fs::create_directories(f + "/buffer.db/inside");
       }},
      {"the file is a device",
       [](const std::string& f) {
         fs::remove(f + "/buffer.db");
         fs::create_symlink("/dev/zero", f + "/buffer.db");
       }},
      {"the file links to itself",
       [](const std::string& f) {
         fs::remove(f + "/buffer.db");
         fs::create_symlink(f + "/buffer.db", f + "/buffer.db");
       }},
  };
  return all;
}

std::size_t files_aside(const std::string& folder) {
  const auto is_aside = [](const fs::directory_entry& file) {
    const std::string name = file.path().filename();
    return name.find("aside") != std::string::npos && !name.ends_with("-wal") && !name.ends_with("-journal");
  };
  return static_cast<std::size_t>(
      std::count_if(fs::directory_iterator(folder), fs::directory_iterator(), is_aside));
}

// Some bytes or stretches changed, or very many, and perhaps the end cut off.
std::string spoilt(std::string content, std::mt19937& random) {
  const unsigned places = random() % 10 == 0 ? 2000 : 1 + random() % 4;
  for (unsigned i = 0; i < places; ++i) {
    const std::size_t at = random() % content.size();
    const std::size_t wanted = random() % 3 == 0 ? random() % 1500 : 1;
    const std::size_t end = std::min(content.size(), at + wanted);
    std::generate(content.begin() + static_cast<std::ptrdiff_t>(at),
                  content.begin() + static_cast<std::ptrdiff_t>(end),
                  [&random] { return static_cast<char>(random()); });
  }
  if (random() % 4 == 0) content.resize(random() % content.size());
  return content;
}

}  // namespace

TEST_CASE("files that somebody else changes while they are in use cost nothing", "[disk]") {
  const CapturedLog quiet;
  for (const auto& [name, mischief] : while_running()) {
    INFO(name);
    const TempDir parent;
    const std::string folder = parent / "state";
    const DiskCalls no_syncs(parent.path());
    Agent agent(folder);
    for (std::uint64_t mark = 0; mark < 20; ++mark) agent.flush(mark);
    mischief(folder);
    for (std::uint64_t mark = 20; mark < 25; ++mark) agent.flush(mark);
    CHECK((agent.waiting() == blocks_of(0, 25)));
    CHECK(agent.buffer->stats().durable);
    CHECK((after_kill(folder) == blocks_of(0, 25)));
    agent.buffer.reset();
    CHECK((Agent(folder).waiting() == blocks_of(0, 25)));
  }
  record_fault({.area = "Disk",
                .promise = "what put returned for is there",
                .fault = "the file, its log or its folder is deleted, renamed, emptied, or replaced by a "
                         "database, a folder, a FIFO, a link, a device while the agent runs; then kill -9",
                .tried = static_cast<int>(while_running().size()),
                .outcome = "nothing lost: at the next flush all of it is in a new file"});
}

TEST_CASE("the agent starts with anything in its folder", "[disk]") {
  const CapturedLog quiet;
  for (const auto& [name, mischief] : before_start()) {
    INFO(name);
    const TempDir folder;
    {
      Agent agent(folder.path());
      for (std::uint64_t mark = 0; mark < 20; ++mark) agent.flush(mark);
    }
    mischief(folder.path());
    {
      Agent agent(folder.path());
      CHECK(agent.buffer->stats().durable);
      agent.flush(20);
      CHECK(includes(agent.waiting(), blocks_of(20, 21)));
    }
    CHECK(includes(Agent(folder.path()).waiting(), blocks_of(20, 21)));
    CHECK(files_aside(folder.path()) <= 2);
  }
}

TEST_CASE("bytes that change in the file or its log cost no more than they held", "[disk]") {
  const CapturedLog quiet;
  const TempDir original;
  Agent agent(original.path());
  for (std::uint64_t mark = 0; mark < 60; ++mark) agent.flush(mark);
  const std::string log = read_file(original / "buffer.db-wal", 64U << 20U).value_or("");
  const std::string below_log = read_file(original / "buffer.db", 64U << 20U).value_or("");
  agent.buffer.reset();
  const std::string file = read_file(original / "buffer.db", 64U << 20U).value_or("");
  REQUIRE(file.size() > 8'000);
  REQUIRE(log.size() > 20'000);

  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const int tries = fault_tries(150, 5000);
  const std::set<std::string> all = blocks_of(0, 60);
  std::size_t served = 0;
  for (int i = 0; i < tries; ++i) {
    const bool in_log = random() % 3 == 0;
    const std::string changed = spoilt(in_log ? log : file, random);
    const TempDir folder;
    const DiskCalls no_syncs(folder.path());
    write(folder / "buffer.db", in_log ? below_log : changed);
    if (in_log) write(folder / "buffer.db-wal", changed);
    INFO("try " << i);
    {
      Agent damaged(folder.path());
      const auto waiting = read(*damaged.buffer, "a");
      for (const Block& block : waiting) REQUIRE(all.count(block.bytes) == 1);
      served += waiting.size();
      damaged.flush(100);
      REQUIRE(includes(damaged.waiting(), blocks_of(100, 101)));
      if (!waiting.empty()) ack(*damaged.buffer, "a", {waiting.front()});
      REQUIRE(damaged.buffer->stats().durable);
    }
    REQUIRE(includes(Agent(folder.path()).waiting(), blocks_of(100, 101)));
    REQUIRE(files_aside(folder.path()) <= 2);
  }
  record_fault(
      {.area = "Disk",
       .promise = "the agent starts with any content of the store and serves what can be read",
       .fault = "random bytes, pages and ends of the file or its log changed or cut off",
       .tried = tries,
       .outcome = fmt::format("never a crash or a hang; {:.0f} of 60 blocks served on average, all of "
                              "them whole; puts go on; at most two files kept aside",
                              static_cast<double>(served) / tries)});
}

TEST_CASE("a disk that refuses any one call, or all for a while, loses nothing", "[disk]") {
  const CapturedLog quiet;
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const int tries = fault_tries(60, 3000);
  for (int i = 0; i < tries; ++i) {
    const TempDir folder;
    DiskCalls disk(folder.path());
    const int error = std::vector<int>{ENOSPC, EIO, EROFS, EDQUOT}[random() % 4];
    const bool reads = random() % 2 == 0 && error == EIO;
    const std::size_t first = random() % 400;
    const std::size_t last = first + (random() % 2 == 0 ? 1 : random() % 200);
    std::size_t count = 0;
    disk.fail([=, &count](const DiskCall& call) {
      if (call.what == DiskCall::What::read && !reads) return 0;
      const std::size_t number = count++;
      return number >= first && number < last ? error : 0;
    });
    INFO("try " << i << " error " << error << " reads " << reads << " from " << first << " to " << last);
    Agent agent(folder.path());
    for (std::uint64_t mark = 0; mark < 30; ++mark) {
      agent.flush(mark);
      if (mark % 3 == 2) (void)agent.buffer->read("a", Kind::metrics, {.records = 100}).has_value();
    }
    disk.fail({});
    REQUIRE(agent.buffer->maintain(now));
    REQUIRE(agent.buffer->stats().durable);
    REQUIRE((agent.waiting() == blocks_of(0, 30)));
    REQUIRE((after_kill(folder.path()) == blocks_of(0, 30)));
  }
  record_fault(
      {.area = "Disk",
       .promise = "a disk that is full, read-only or failing costs nothing while memory lasts",
       .fault = "ENOSPC, EDQUOT, EROFS or EIO from a random call on, for one or some hundred calls",
       .tried = tries,
       .outcome = "all blocks there afterwards, in memory meanwhile, on the disk at the next flush"});
}

}  // namespace scops::test
