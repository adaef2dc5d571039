// A Delivery with everything around it under the test's control: the clock, the buffer and the intake.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/io/block_codec.hpp"
#include "core/io/log_block.hpp"
#include "core/model/buffer.hpp"
#include "core/model/output.hpp"
#include "core/runtime/stats.hpp"
#include "tests/support/fake_clock.hpp"
#include "transport/dispatch/delivery.hpp"

namespace scops::test {

constexpr std::int64_t minute = 60'000;  // milliseconds
constexpr std::int64_t hour = 60 * minute;

// Keeps blocks in a vector; fails when told to.
class PlainBuffer final : public Buffer {
 public:
  Result<BlockId> put(Block block) override {
    block.id = {++last_, 0};
    blocks.push_back(std::move(block));
    return blocks.back().id;
  }
  Result<bool> put_together(std::span<const Block>, const RedisCommands&) override { return false; }
  Result<std::vector<Block>> read(std::string_view, Kind kind, Wanted wanted) override {
    const bool lost =
        std::any_of(wanted.only.begin(), wanted.only.end(), [&](BlockId id) { return id < lost_below; });
    if (read_fails || lost) return Error{ErrorKind::retry, "disk on fire"};
    ++reads;
    std::vector<Block> some;
    std::uint32_t records = 0;
    for (const Block& block : blocks) {
      const bool asked =
          wanted.only.empty() || std::count(wanted.only.begin(), wanted.only.end(), block.id) > 0;
      if (std::count(wanted.except.begin(), wanted.except.end(), block.id) > 0) continue;
      if (block.kind != kind || block.id < lost_below || block.newest + block.shift < wanted.since || !asked)
        continue;
      if (!some.empty() && records + block.records > wanted.records) break;
      records += block.records;
      some.push_back(block);
    }
    return some;
  }
  Status ack(std::string_view, std::span<const BlockId> ids) override {
    for (const BlockId id : ids) {
      std::erase_if(blocks, [id](const Block& block) { return block.id == id; });
    }
    if (ack_fails) return Error{ErrorKind::retry, "disk on fire"};
    return Ok{};
  }
  Status maintain(TimeMs) override { return Ok{}; }
  [[nodiscard]] BufferStats stats() const override {
    BufferStats waiting;
    for (const Block& block : blocks) {
      waiting.records += block.records;
      if (block.kind == Kind::metrics) waiting.metrics += block.records;
    }
    return waiting;
  }

  std::vector<Block> blocks;
  bool read_fails = false;
  bool ack_fails = false;
  BlockId lost_below;  // blocks below this one are in a store that does not answer
  int reads = 0;

 private:
  std::uint64_t last_ = 0;
};

// Answers as `answer` says; values of the samples, or the bare number that is a log's text, stand for the
// records.
class ScriptedOutput final : public Output {
 public:
  [[nodiscard]] OutputLimits limits(Kind) const override { return limits_now; }
  Reply send(const Payload& payload, std::chrono::milliseconds timeout, std::stop_token) override {
    timeouts.push_back(timeout);
    requests.emplace_back();
    for (const Sample& sample : payload.metrics.samples) requests.back().push_back(sample.value);
    if (times != nullptr) times->emplace_back();
    for (const Sample& sample : payload.metrics.samples) {
      if (times != nullptr) times->back().push_back(sample.time);
    }
    for (const LogRecord& record : payload.logs) requests.back().push_back(std::stod(record.json));
    Reply reply = answer(requests.back());
    if (reply.verdict == Verdict::accepted) delivered.insert(requests.back().begin(), requests.back().end());
    return reply;
  }

  std::function<Reply(const std::vector<double>&)> answer = [](const std::vector<double>&) {
    return Reply{.verdict = Verdict::accepted, .detail = "HTTP 202", .code = 202};
  };
  OutputLimits limits_now{.records = 1000, .immediate = false};
  std::vector<std::vector<double>> requests;
  std::vector<std::vector<TimeMs>>* times = nullptr;  // of each request's samples, for whoever wants them
  std::vector<std::chrono::milliseconds> timeouts;
  std::multiset<double> delivered;
};

inline Reply reply(Verdict verdict, int code = 0) {
  return {.verdict = verdict, .detail = "HTTP " + std::to_string(code), .code = code};
}

inline auto always(Reply answer) {
  return [answer](const std::vector<double>&) { return answer; };
}

// An answer that refuses each request with one of `poison` in it.
inline std::function<Reply(const std::vector<double>&)> refuses(std::set<double> poison) {
  return [poison = std::move(poison)](const std::vector<double>& values) {
    const bool bad = std::any_of(values.begin(), values.end(), [&](double v) { return poison.count(v) > 0; });
    return bad ? reply(Verdict::refused, 400) : reply(Verdict::accepted, 202);
  };
}

struct Rig {
  explicit Rig(DispatchSettings settings = {}, Kind kind = Kind::metrics, SelfMetric self = {})
      : pace(settings.rate_max),
        delivery("test", kind, output, pace,
                 {.buffer = buffer,
                  .stats = stats,
                  .clock = clock,
                  .settings = settings,
                  .host = "h",
                  .self = std::move(self)}) {}

  // Puts `count` records with values first, first + 1, ... as one block.
  void put(double first, int count = 1) {
    Series series;
    series.name = "m";
    std::vector<Sample> samples;
    for (int i = 0; i < count; ++i) samples.push_back({0, next_time += 1000, first + i});
    (void)buffer.put(encode_block(std::span(&series, 1), samples));
  }
  // The same as logs, whose texts are the numbers.
  void put_logs(int first, int count = 1) {
    std::vector<LogRecord> records;
    for (int i = 0; i < count; ++i) records.push_back({next_time += 1000, std::to_string(first + i)});
    (void)buffer.put(encode_log_block(records));
  }
  std::int64_t step() { return delivery.step(std::chrono::seconds(48), {}); }
  // Lets time go by up to the next due step and takes it. Returns how long that was.
  std::int64_t next() {
    const std::int64_t wait = std::max<std::int64_t>(0, due - clock.steady());
    clock.advance(wait);
    due = step();
    return wait;
  }
  // Takes steps until `milliseconds` have gone by.
  void run(std::int64_t milliseconds) {
    const std::int64_t end = clock.steady() + milliseconds;
    while (std::max(due, clock.steady()) < end) (void)next();
    clock.advance(end - clock.steady());
  }
  [[nodiscard]] double stat(std::string_view name, std::string_view more = {}) const {
    double found = std::numeric_limits<double>::quiet_NaN();
    const std::string wanted = "output=\"test\"" + std::string(more);
    stats.visit([&](std::string_view one, std::string_view labels, double value) {
      if (one == name && labels == wanted) found = value;
    });
    return found;
  }

  FakeClock clock;
  PlainBuffer buffer;
  ScriptedOutput output;
  Stats stats;
  Pace pace;
  Delivery delivery;
  std::int64_t due = 0;
  TimeMs next_time = 1'699'999'000'000;
};

}  // namespace scops::test
