// flash_bench FOLDER STAT WAY SERIES FLUSHES PAUSE_MS: puts the flushes of a gateway's series into the
// embedded buffer in FOLDER, a flush for each 10 s of its own clock and each PAUSE_MS of the real one. Prints
// the bytes of their blocks, and what the block device, whose /sys/block/.../stat is STAT, has written
// meanwhile. An hour and a half went before without a pause: the log of the database has its size then, and
// is written anew.
//
// WAY: `sent` (the output acks every sixth flush, as it does when it is reachable), `kept` (an outage),
// either with `-held`, which sets SCOPS_BUFFER_HOLD to 5 minutes; or `floor`: no buffer, each block is
// appended to a file that is synced.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/gateway.hpp"
#include "core/io/block_codec.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"
#include "core/runtime/stats.hpp"
#include "tests/support/fake_clock.hpp"
#include "transport/buffer/buffer.hpp"

namespace {

using namespace scops;

struct Job {
  std::string folder;
  std::string stat;
  std::string_view way;
  std::size_t series = 0;
  std::uint64_t flushes = 0;
  std::chrono::milliseconds pause{0};
};

class Flushes {
 public:
  explicit Flushes(const Job& job) : gateway_(job.series), job_(job) {}

  // The measured ones come after those of the prelude.
  [[nodiscard]] std::uint64_t number() const { return prelude + job_.flushes; }

  Block next() {
    if (made_ == prelude) begin();
    if (made_++ >= prelude) std::this_thread::sleep_for(job_.pause);
    clock.advance(10'000);
    samples_.clear();
    gateway_.capture(clock.wall(), samples_);
    Block block = encode_block(gateway_.series(), samples_);
    stamp_block(block.bytes, {.boot = 1, .offset = 1'763'000'000'000, .set = true, .sure = true});
    bytes_ += block.bytes.size();
    return block;
  }

  // Call it while the buffer is open still: what closing it costs is no part of a flush.
  void end() {
    std::this_thread::sleep_for(2 * job_.pause);
    fmt::print("{} {}\n", bytes_, (sectors() - sectors_before_) * 512);
  }

  test::FakeClock clock{1'763'760'000'000};

 private:
  static constexpr std::uint64_t prelude = 540;

  void begin() {
    ::sync();
    std::this_thread::sleep_for(2 * job_.pause);
    sectors_before_ = sectors();
    bytes_ = 0;
  }

  // The seventh number.
  [[nodiscard]] std::uint64_t sectors() const {
    const std::string stat = read_file(job_.stat).value_or("");
    std::string_view rest = stat;
    for (int i = 0; i < 6; ++i) next_word(rest);
    return to_uint(next_word(rest)).value_or(0);
  }

  bench::Gateway gateway_;
  std::vector<Sample> samples_;
  const Job& job_;
  std::uint64_t made_ = 0, bytes_ = 0, sectors_before_ = 0;
};

Status send_all(Buffer& buffer) {
  const auto blocks = buffer.read("datadog", Kind::metrics, {.records = 10'000});
  if (!blocks) return blocks.error();
  std::vector<BlockId> ids;
  for (const Block& block : *blocks) ids.push_back(block.id);
  return buffer.ack("datadog", ids);
}

Status through_buffer(const Job& job, Flushes& flushes) {
  Stats stats;
  const auto hold = std::chrono::minutes(job.way.ends_with("-held") ? 5 : 0);
  auto buffer =
      open_buffer({.type = "embedded",
                   .metric_ttl = std::chrono::hours(4),
                   .log_ttl = std::chrono::hours(18),
                   .bytes_max = {64U << 20U},
                   .hold = hold,
                   .memory_max = {8U << 20U}},
                  {.folder = job.folder, .outputs = {"datadog"}, .clock = &flushes.clock, .stats = &stats});
  if (!buffer) return buffer.error();
  for (std::uint64_t i = 1; i <= flushes.number(); ++i) {
    if (const auto put = (*buffer)->put(flushes.next()); !put) return put.error();
    if (Status kept = (*buffer)->maintain(flushes.clock.wall()); !kept) return kept;
    if (!job.way.starts_with("sent") || i % 6 != 0) continue;
    if (Status sent = send_all(**buffer); !sent) return sent;
  }
  flushes.end();
  return Ok{};
}

Status to_a_file(const Job& job, Flushes& flushes) {
  const Fd file(::open((job.folder + "/floor").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  for (std::uint64_t i = 0; i < flushes.number(); ++i) {
    const Block block = flushes.next();
    const auto size = static_cast<ssize_t>(block.bytes.size());
    if (::write(file.get(), block.bytes.data(), block.bytes.size()) != size || ::fdatasync(file.get()) != 0)
      return Error{ErrorKind::retry, "cannot write"};
  }
  flushes.end();
  return Ok{};
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 7) return 2;
  const Job job{.folder = arguments[1],
                .stat = arguments[2],
                .way = arguments[3],
                .series = to_uint(arguments[4]).value_or(0),
                .flushes = to_uint(arguments[5]).value_or(0),
                .pause = std::chrono::milliseconds(to_uint(arguments[6]).value_or(0))};
  Flushes flushes(job);
  const Status done = job.way == "floor" ? to_a_file(job, flushes) : through_buffer(job, flushes);
  if (done) return 0;
  fmt::print(stderr, "flash_bench: {}\n", done.error().text);
  return 1;
} catch (const std::exception& error) {
  (void)std::fprintf(stderr, "flash_bench: %s\n", error.what());
  return 1;
}
