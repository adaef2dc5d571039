// The seam of inputs that empty a queue which applications fill (collectors/listen/chouette). Such an input
// may remove a record only once what became of it is durable, so it hands over and removes in one commit.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string_view>

#include "core/model/metric.hpp"
#include "core/model/result.hpp"

namespace scops {

class RedisCommands;  // core/io/redis.hpp

// What a draining input hands its records to. Used from the input's own thread only. Global tags and filters
// are applied behind it.
class Intake {
 public:
  virtual ~Intake() = default;
  // To be aggregated with what else was handed over since the last commit, by windows of `arrival`.
  virtual void raw(const RawSample& sample) = 0;
  // A point that was aggregated elsewhere; `name` is full, a bare Tag{text, ""} is taken as it is.
  virtual void point(const Metric& metric) = 0;
  // A log record: one JSON object as it is to be sent, but for host and global tags.
  virtual void log(TimeMs time, std::string_view json) = 0;
  // There is little room left: commit before more is handed over.
  [[nodiscard]] virtual bool full() const { return false; }
  // Makes everything since the last commit durable and runs `erase`, which removes it from its queue: in one
  // transaction where the buffer is the same Redis, and then the result is true. False: durable, but `erase`
  // is still to be run by the caller, before it reads on. An Error: nothing is kept here, nor counted; read
  // again what is still in the queue: where only the answer was lost, that is nothing.
  virtual Result<bool> commit(const RedisCommands& erase) = 0;
  // After such an Error: what counts that commit, to be called should it turn out that it has happened all
  // the same. Good as long as the intake is.
  using Recount = std::function<void()>;
  [[nodiscard]] virtual Recount recount() const = 0;
  // Forgets what was handed over since the last commit.
  virtual void discard() = 0;
};

class DrainCollector {
 public:
  virtual ~DrainCollector() = default;
  // How long after the end of a window drain() wants to be called.
  [[nodiscard]] virtual std::chrono::milliseconds lag() const = 0;
  // Moves what is due. Called at the start, shortly after the end of each window, and once with `closing`
  // when the agent stops: then windows that are still open are due too, and it returns within about a second.
  // Ends early when `stop` is requested, between two commits.
  virtual Status drain(Intake& intake, bool closing, const std::stop_token& stop) = 0;
};

}  // namespace scops
