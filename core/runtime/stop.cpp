#include "core/runtime/stop.hpp"

#include <pthread.h>

#include <condition_variable>
#include <mutex>

namespace scops {

bool nap(const std::stop_token& stop, std::chrono::milliseconds duration) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  return !wake.wait_for(lock, stop, duration, [&stop] { return stop.stop_requested(); });
}

void name_thread(std::string_view name) {
  const std::string cut(name.substr(0, 15));  // the kernel's limit, see pthread_setname_np(3)
  pthread_setname_np(pthread_self(), cut.c_str());
}

}  // namespace scops
