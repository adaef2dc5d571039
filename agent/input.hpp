// One enabled collector with its thread, "in-<name>": its captures, or its rounds of draining, until it is
// told to stop.
#pragma once

#include <chrono>
#include <memory>
#include <semaphore>
#include <thread>

#include "agent/draining.hpp"
#include "agent/schedule.hpp"
#include "core/model/collector.hpp"

namespace scops {

struct Input {
  std::unique_ptr<PullCollector> collector;
  Draining* draining = nullptr;  // the same one, if it drains a queue
  std::unique_ptr<Schedule> schedule;
  std::binary_semaphore ended{0};
  std::jthread thread;  // last: it uses the rest

  void start();
  // Waits until the thread has ended after a request to stop; false at the deadline.
  [[nodiscard]] bool wait(std::chrono::steady_clock::time_point deadline);
};

}  // namespace scops
