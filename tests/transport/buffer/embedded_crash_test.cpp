// kill -9 in the middle of puts and acks, again and again on the same file.

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/io/block_codec.hpp"
#include "tests/transport/buffer/embedded_fixture.hpp"

namespace scops {
namespace {

using test::EmbeddedFixture;
using test::read;

// What the child tells after each call that returned.
struct Report {
  std::uint64_t id = 0;
  std::uint64_t mark = 0;
  bool acked = false;
};

void tell(int pipe, const Report& report) {
  if (::write(pipe, &report, sizeof report) != static_cast<ssize_t>(sizeof report)) ::_exit(1);
}

// Told apart by `mark`; every fourth is large, so that the log is moved into the file every now and then.
Block crash_block(std::uint64_t mark) {
  std::minstd_rand random(static_cast<std::uint32_t>(mark + 1));
  std::vector<Sample> samples;
  for (int i = 0; i < (mark % 4 == 0 ? 6000 : 30); ++i) {
    samples.push_back({0, 1'700'000'000'000 + i, 1.0 / static_cast<double>(random())});
  }
  return encode_block(std::vector<Series>{{.name = std::to_string(mark), .tags = {}}}, samples);
}

// Puts for ever, and acks seven blocks of eight: sometimes the oldest, sometimes the youngest.
[[noreturn]] void work(EmbeddedFixture& fixture, int pipe, std::uint64_t mark) {
  auto buffer = fixture.open_store();
  for (;; ++mark) {
    const auto id = buffer->put(crash_block(mark));
    if (!id) ::_exit(1);
    tell(pipe, {id->minor, mark, false});
    if (mark % 8 == 0) continue;
    const auto blocks = buffer->read("a", Kind::metrics, {});
    if (!blocks || blocks->empty()) ::_exit(1);
    const BlockId done = mark % 2 == 0 ? blocks->front().id : blocks->back().id;
    if (!buffer->ack("a", {&done, 1})) ::_exit(1);
    tell(pipe, {done.minor, 0, true});
  }
}

// What the reports of all children promise.
struct Promises {
  std::map<std::uint64_t, std::string> waiting;  // id to bytes
  std::set<std::uint64_t> acked;
  std::uint64_t next_mark = 1;

  void take(const Report& report) {
    if (report.acked) {
      waiting.erase(report.id);
      acked.insert(report.id);
    } else {
      waiting[report.id] = crash_block(report.mark).bytes;
      next_mark = report.mark + 1;
    }
  }
};

// Lets a child work until it has reported `reports` times, and kills it a little later.
void work_and_die(EmbeddedFixture& fixture, Promises& promises, std::uint64_t reports, std::uint64_t spins) {
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) work(fixture, ends[1], promises.next_mark);
  ::close(ends[1]);
  const Fd from_child(ends[0]);
  Report report;
  for (std::uint64_t count = 0;
       ::read(ends[0], &report, sizeof report) == static_cast<ssize_t>(sizeof report); ++count) {
    if (count == reports) {
      for (volatile std::uint64_t spin = spins; spin > 0;) spin = spin - 1;  // into the next call
      ::kill(child, SIGKILL);
    }
    promises.take(report);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
}

// One put and one ack may have been done but not reported; nothing else may differ from what was promised.
void check_promises(const std::vector<Block>& blocks, Promises& promises) {
  std::size_t unreported_puts = 0;
  std::map<std::uint64_t, std::string> found;
  for (const Block& block : blocks) {
    found[block.id.minor] = block.bytes;
    CHECK_FALSE(promises.acked.contains(block.id.minor));
    if (promises.waiting.contains(block.id.minor)) continue;
    ++unreported_puts;
    CHECK(block.bytes == crash_block(promises.next_mark).bytes);
  }
  CHECK(unreported_puts <= 1);
  std::size_t unreported_acks = 0;
  for (const auto& [id, bytes] : promises.waiting) {
    if (!found.contains(id))
      ++unreported_acks;
    else
      CHECK(found[id] == bytes);
  }
  CHECK(unreported_acks <= 1);
  promises.waiting = std::move(found);
  promises.next_mark += unreported_puts;
}

TEST_CASE("kill -9 at any moment loses no block whose put returned and undoes no ack", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  Promises promises;
  std::minstd_rand random(1);
  for (int round = 0; round < 60; ++round) {
    work_and_die(fixture, promises, random() % 60, random() % 300000);
    const auto buffer = fixture.open_store();
    check_promises(read(*buffer, "a"), promises);
  }
  CHECK(fixture.dropped("damaged") == 0);
}

}  // namespace
}  // namespace scops
