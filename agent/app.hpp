// The agent as a process: builds the stages, runs them, stops them.
//
//   collectors                    thread flush                     one thread an output
//   Schedule (a thread each) ->   Pipeline -> flush -> Buffer  ->  Dispatcher -> Output -> remote API
//        Emit                        add        put                   read, ack    send
//
// The main thread waits for signals and tells a watchdog; the http thread reads everybody's state.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "agent/clock_watch.hpp"
#include "agent/flusher.hpp"
#include "agent/input.hpp"
#include "agent/own_metrics.hpp"
#include "agent/schedule.hpp"
#include "agent/settings.hpp"
#include "agent/status/status.hpp"
#include "agent/watchdog.hpp"
#include "core/io/http_server.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/timeline.hpp"
#include "transport/buffer/folder_lock.hpp"

namespace scops {

class App {
 public:
  // Opens the buffer and makes every enabled collector and output. ErrorKind::refused says which setting is
  // wrong. `settings` must outlive the App.
  static Result<std::unique_ptr<App>> make(const Settings& settings);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Until SIGTERM or SIGINT, then stops cleanly within 5 s: inputs, last flush, one last send, buffer. The
  // signals must be blocked already (block_signals). Returns the exit status.
  int run();

 private:
  explicit App(const Settings& settings);
  Status open_buffer_room();
  Status make_outputs();
  Status make_inputs();
  Result<std::unique_ptr<Input>> make_input(const std::string& name);
  Status make_http();
  [[nodiscard]] std::string buffer_type() const;
  void start();
  void wait_for_stop();
  [[nodiscard]] std::string hung_output() const;
  [[nodiscard]] bool captures_running() const;
  Duration flush_window(Ticker& window);
  void flush(bool closing);
  [[nodiscard]] bool reports_itself() const;
  [[nodiscard]] SelfMetric self_report(const std::string& output);
  void report_own_metrics();
  // In app_stop.cpp.
  int stop();
  [[nodiscard]] bool wait_for(bool draining, std::chrono::steady_clock::time_point deadline);
  [[nodiscard]] bool close_dispatchers(Duration at_most);
  void close_buffer(bool nobody_uses_it);

  const Settings& settings_;
  const SystemClock clock_;
  Timeline timeline_;
  Watchdog watchdog_;
  Stats stats_;
  std::string state_folder_;
  FolderLock folder_lock_;  // where the buffer has none itself
  std::unique_ptr<ClockWatch> clock_watch_;
  std::unique_ptr<Buffer> buffer_;
  std::unique_ptr<Pipeline> pipeline_;
  std::uint32_t block_records_ =
      block_records_max;                          // in one block, so that it fits a request of every output
  std::vector<std::unique_ptr<Output>> outputs_;  // until start() hands them to their dispatchers
  std::vector<std::unique_ptr<Dispatcher>> dispatchers_;
  std::atomic<bool> dispatching_{false};  // dispatchers_ has all of them
  std::vector<std::unique_ptr<Input>> inputs_;
  std::unique_ptr<StatusPages> pages_;
  OwnMetrics own_metrics_;
  std::int64_t own_metrics_turn_ = 0;  // number of the capture interval that was last reported
  std::int64_t rest_due_ = 0;          // steady time of the next memory::rest()
  Duration rest_pause_{0};             // between the last and that
  bool flushed_ = false;               // for the last time; of the thread `flush`
  std::unique_ptr<HttpServer> http_;   // its thread reads all of the above
  Flusher flusher_;                    // last: it uses all of the above
};

}  // namespace scops
