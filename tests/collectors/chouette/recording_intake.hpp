// An Intake that keeps what it gets as lines that read well in a failed assertion, and commits as the test
// says.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/redis.hpp"
#include "core/model/drain.hpp"

namespace scops::test {

class RecordingIntake final : public Intake {
 public:
  // Commits like a buffer in the same Redis: in a transaction.
  explicit RecordingIntake(RedisClient& redis) : redis_(redis) {}

  void raw(const RawSample& sample) override {
    std::string line = fmt::format("{} {}", sample.name, type_name(sample.type));
    for (const std::string_view tag : sample.tags) line += fmt::format(" {}", tag);
    line += sample.type == RawType::set ? fmt::format(" = {}", fmt::join(sample.members, ","))
                                        : fmt::format(" = {}", sample.value);
    take(line + fmt::format(" at {} in {}", sample.time, sample.arrival));
  }
  void point(const Metric& metric) override {
    std::string line = fmt::format("{} {}", metric.name, to_string(metric.type));
    for (const Tag& tag : metric.tags) line += fmt::format(" {}{}", tag.key, tag.value);
    take(line + fmt::format(" = {} at {} every {}", metric.value, metric.time, metric.interval_s));
  }
  void log(TimeMs time, std::string_view json) override { take(fmt::format("log {} {}", time, json)); }
  void discard() override { pending_.clear(); }

  Result<bool> commit(const RedisCommands& erase) override {
    guards.push_back(erase.guard().key + "=" + erase.guard().value);
    if (before_commit) before_commit();
    if (refuse) {
      pending_.clear();
      return Error{ErrorKind::retry, "the buffer refuses"};
    }
    if (together) {
      const RedisCommands* const commands[] = {&erase};
      const auto done = redis_.transaction(commands);
      if (!done || done->is_nil() || done->is_error()) {
        pending_.clear();
        return Error{ErrorKind::retry, "no transaction"};
      }
    }
    sizes.push_back(pending_.size());
    for (std::string& line : pending_) lines.push_back(std::move(line));
    pending_.clear();
    if (lose_answer) return Error{ErrorKind::retry, "the answer got lost"};
    return together;
  }

  [[nodiscard]] Recount recount() const override {
    return [this] { ++recounted; };
  }

  bool together = true;      // else commit is false: to be erased by the caller
  bool refuse = false;       // nothing is done
  bool lose_answer = false;  // all is done
  std::function<void()> before_commit;

  mutable int recounted = 0;        // commits that failed, but have happened
  std::vector<std::string> lines;   // committed
  std::vector<std::size_t> sizes;   // of each commit
  std::vector<std::string> guards;  // of each attempt

 private:
  static std::string_view type_name(RawType type) {
    constexpr std::string_view names[] = {"count",     "gauge",        "rate", "set",
                                          "histogram", "distribution", "other"};
    return names[static_cast<std::size_t>(type)];
  }
  void take(std::string line) { pending_.push_back(std::move(line)); }

  RedisClient& redis_;
  std::vector<std::string> pending_;
};

}  // namespace scops::test
