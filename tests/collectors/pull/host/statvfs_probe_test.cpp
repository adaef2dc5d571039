#include "collectors/pull/host/statvfs_probe.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

using namespace scops;
using namespace scops::host;
using namespace std::chrono_literals;

namespace {

// File systems of which some do not answer until they are told to. Outlives the probe, as the kernel does.
class FakeKernel {
 public:
  void hang(const std::string& path) {
    const std::lock_guard lock(mutex_);
    dead_.insert(path);
  }
  void revive() {
    {
      const std::lock_guard lock(mutex_);
      dead_.clear();
    }
    changed_.notify_all();
  }
  // Until no call is inside any more.
  void wait_until_quiet() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return inside_ == 0; });
  }
  int statvfs(const char* path, FsAnswer* into) {
    std::unique_lock lock(mutex_);
    ++calls;
    ++inside_;
    changed_.wait(lock, [&] { return !dead_.contains(path); });
    --inside_;
    changed_.notify_all();
    into->counts.f_blocks = std::string_view(path).size();
    errno = std::string_view(path) == "/forbidden" ? EACCES : ENOENT;
    return std::string_view(path) == "/forbidden" || std::string_view(path) == "/none" ? -1 : 0;
  }

  std::atomic<int> calls = 0;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string, std::less<>> dead_;
  int inside_ = 0;
};

// Enough for a call that answers, on a busy machine too; what only hangs can be told sooner.
constexpr auto patient = 300ms;
constexpr auto hasty = 20ms;

struct Fixture {
  std::chrono::milliseconds timeout = patient;
  std::shared_ptr<FakeKernel> kernel = std::make_shared<FakeKernel>();
  StatvfsProbe probe{
      [kernel = kernel](const char* path, FsAnswer* into) { return kernel->statvfs(path, into); }, timeout};
};

// Asks until the device does not hang any more, which its thread says in its own time.
bool recovers(StatvfsProbe& probe, const std::string& device) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (probe.hangs(device)) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace

TEST_CASE("a file system that answers is answered for") {
  Fixture f;
  const auto answer = f.probe.ask("/dev/a", "/abc", false);
  REQUIRE(answer.has_value());
  CHECK(answer->counts.f_blocks == 4);
  CHECK(f.probe.ask("/dev/b", "/abcdef", false).value().counts.f_blocks == 7);
}

TEST_CASE("a file system that fails says why") {
  Fixture f;
  const auto answer = f.probe.ask("/dev/a", "/forbidden", false);
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().kind == ErrorKind::retry);
  CHECK(answer.error().text.find("/forbidden") != std::string::npos);
}

TEST_CASE("a mount point that is not there is absent") {
  Fixture f;
  CHECK(f.probe.ask("/dev/a", "/none", false).error().kind == ErrorKind::absent);
  CHECK_FALSE(f.probe.hangs("/dev/a"));
}

TEST_CASE("a file system that hangs is loud once, then quiet, and is not asked again") {
  Fixture f{.timeout = hasty};
  f.kernel->hang("/dead");
  CHECK(f.probe.ask("/dev/dead", "/dead", false).error().kind == ErrorKind::retry);
  CHECK(f.probe.hangs("/dev/dead"));
  CHECK(f.probe.ask("/dev/dead", "/dead", false).error().kind == ErrorKind::absent);
  CHECK(f.kernel->calls == 1);
  f.kernel->revive();
}

TEST_CASE("a file system that hangs costs the others nothing") {
  Fixture f;
  f.kernel->hang("/dead");
  REQUIRE_FALSE(f.probe.ask("/dev/dead", "/dead", false).has_value());
  CHECK(f.probe.ask("/dev/a", "/abc", false).has_value());
  f.kernel->revive();
}

TEST_CASE("a file system that comes back is asked again") {
  Fixture f;
  f.kernel->hang("/dead");
  REQUIRE_FALSE(f.probe.ask("/dev/dead", "/dead", false).has_value());
  f.kernel->revive();
  REQUIRE(recovers(f.probe, "/dev/dead"));
  CHECK(f.probe.ask("/dev/dead", "/dead", false).has_value());
}

TEST_CASE("remote mounts that hang leave threads for local ones") {
  Fixture f;
  for (char c = '0'; c < '9'; ++c) f.kernel->hang(std::string("/net") + c);
  for (char c = '0'; c < '9'; ++c) {
    const std::string path = std::string("/net") + c;
    CHECK_FALSE(f.probe.ask(path, path, true).has_value());
  }
  CHECK(f.kernel->calls == static_cast<int>(StatvfsProbe::most_stuck / 2));
  CHECK(f.probe.ask("/dev/a", "/abc", false).has_value());
  f.kernel->revive();
}

TEST_CASE("no more threads than the limit ever hang") {
  Fixture f{.timeout = hasty};
  for (char c = 'a'; c < 'z'; ++c) {
    const std::string path = std::string("/") + c;
    f.kernel->hang(path);
    CHECK_FALSE(f.probe.ask(path, path, false).has_value());
  }
  CHECK(f.kernel->calls == static_cast<int>(StatvfsProbe::most_stuck));
  f.kernel->revive();
}

TEST_CASE("a call that returns after the probe is gone harms nobody") {
  auto kernel = std::make_shared<FakeKernel>();
  kernel->hang("/dead");
  {
    Fixture f{.timeout = hasty, .kernel = kernel};
    REQUIRE_FALSE(f.probe.ask("/dev/dead", "/dead", false).has_value());
  }
  kernel->revive();
  kernel->wait_until_quiet();
}
