#include "collectors/pull/host/statvfs_probe.hpp"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "core/io/files.hpp"
#include "core/runtime/stop.hpp"

namespace scops::host {

// What the probe and one helper thread share. The thread holds a reference of its own and touches nothing
// else, so it may come back from a call long after the probe is gone.
struct StatvfsProbe::Worker {
  enum class State { idle, asked, answered };

  explicit Worker(Function call) : function(std::move(call)) {}

  void run() {
    name_thread("host-statvfs");
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return state == State::asked || quit; });
      if (quit) break;
      const std::string asked = path;
      lock.unlock();
      FsAnswer got;
      const int status = function(asked.c_str(), &got);
      const int number = status == 0 ? 0 : errno;
      lock.lock();
      answer = got;
      error = number;
      state = State::answered;
      changed.notify_all();
    }
    finished = true;
  }

  const Function function;
  std::mutex mutex;
  std::condition_variable changed;
  State state = State::idle;
  bool quit = false;
  bool finished = false;
  std::string path;
  FsAnswer answer;
  int error = 0;
};

StatvfsProbe::StatvfsProbe(Function function, std::chrono::milliseconds timeout)
    : function_(std::move(function)), timeout_(timeout) {}

StatvfsProbe::~StatvfsProbe() {
  if (!worker_) return;
  {
    const std::lock_guard lock(worker_->mutex);
    worker_->quit = true;
  }
  worker_->changed.notify_all();
  thread_.join();
}

Result<FsAnswer> StatvfsProbe::ask(const std::string& device, const std::string& path, bool remote) {
  if (hangs(device)) return Error{ErrorKind::absent, path + " still does not answer"};
  if (stuck_.size() >= (remote ? most_stuck / 2 : most_stuck)) {
    return Error{ErrorKind::absent, path + " is not asked: too many others hang"};
  }
  if (!worker_) start_worker();

  std::unique_lock lock(worker_->mutex);
  worker_->path = path;
  worker_->state = Worker::State::asked;
  worker_->changed.notify_all();
  if (!worker_->changed.wait_for(lock, timeout_,
                                 [this] { return worker_->state == Worker::State::answered; })) {
    worker_->quit = true;
    lock.unlock();
    abandon_worker(device);
    return Error{ErrorKind::retry, path + " does not answer; left out until it does"};
  }
  worker_->state = Worker::State::idle;
  if (worker_->error != 0) return system_error("statvfs", path, worker_->error);
  return worker_->answer;
}

Result<FsAnswer> StatvfsProbe::ask_here(const std::string& path) const {
  FsAnswer got;
  if (function_(path.c_str(), &got) != 0) return system_error("statvfs", path, errno);
  return got;
}

bool StatvfsProbe::hangs(const std::string& device) {
  forget_returned();
  return std::any_of(stuck_.begin(), stuck_.end(),
                     [&](const StuckCall& call) { return call.device == device; });
}

void StatvfsProbe::forget_returned() {
  std::erase_if(stuck_, [](const StuckCall& call) {
    const std::lock_guard lock(call.worker->mutex);
    return call.worker->finished;
  });
}

void StatvfsProbe::start_worker() {
  auto worker = std::make_shared<Worker>(function_);
  thread_ = std::thread([worker] { worker->run(); });
  worker_ = std::move(worker);
}

void StatvfsProbe::abandon_worker(const std::string& device) {
  stuck_.push_back({device, std::move(worker_)});
  thread_.detach();
  worker_.reset();
}

}  // namespace scops::host
