// An input that drains a queue, under the schedule that captures have: one capture is one round of draining.
// It counts, logs and is watched like any other, in a thread of its own.
#pragma once

#include <memory>
#include <stop_token>

#include "core/model/collector.hpp"
#include "core/model/drain.hpp"

namespace scops {

class Draining final : public PullCollector {
 public:
  Draining(std::unique_ptr<DrainCollector> drain, std::unique_ptr<Intake> intake);

  // One round; the intake takes what it brings, nothing is emitted.
  Status collect(Emit& emit) override;

  // Both before a round, from the thread that collects: a round ends early once `stop` is requested, and the
  // next one is the last, in which open windows are due too.
  void stop_with(std::stop_token stop) { stop_ = std::move(stop); }
  void close() { closing_ = true; }

 private:
  const std::unique_ptr<DrainCollector> drain_;
  const std::unique_ptr<Intake> intake_;
  std::stop_token stop_;
  bool closing_ = false;
};

}  // namespace scops
