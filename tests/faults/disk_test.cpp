// The disk under a running agent: slow, failing, gone, cut off. The real binary, as a user would meet it.
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/io/files.hpp"
#include "core/io/sqlite.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/own_numbers.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;

Environment delivering_to(const HttpSink& sink, const std::string& state) {
  return {{"API_KEY", "0123456789abcdef"},
          {"DATADOG_URL", sink.url()},
          {"SCOPS_AGENT_STATE", state},
          {"SCOPS_HTTP_LISTEN", "127.0.0.1:0"},
          {"CAPTURE_INTERVAL", "1"},
          {"AGGREGATE_INTERVAL", "1"},
          {"RELEASE_INTERVAL", "1"},
          {"SCOPS_DISPATCH_RATE_MAX", "50"},
          {"SCOPS_DISPATCH_BACKOFF_MIN", "100ms"},
          {"SCOPS_DISPATCH_BACKOFF_MAX", "1s"}};
}

// The agent's disk: its syncs take long or fail while it is told so.
class BadDisk {
 public:
  // A link to the library, as LD_PRELOAD takes no path with a blank.
  BadDisk() { fs::create_symlink(SCOPS_BAD_DISK, library_); }
  // The environment of an agent on it.
  [[nodiscard]] Environment on(Environment environment) const {
    environment["LD_PRELOAD"] = library_;
    environment["BAD_DISK"] = folder_ / "how";
    environment["ASAN_OPTIONS"] = "verify_asan_link_order=0";
    return environment;
  }
  void each_sync(std::chrono::milliseconds takes, int error = 0) const {
    std::ofstream(folder_ / "new") << takes.count() << ' ' << error;
    fs::rename(folder_ / "new", folder_ / "how");
  }
  void be_well() const { fs::remove(folder_ / "how"); }

 private:
  TempDir folder_;
  const std::string library_ = folder_ / "bad_disk.so";
};

std::map<PointId, int> known(const HttpSink& sink, const std::string& state) {
  std::map<PointId, int> all = counted(sink.requests());
  for (const auto& [point, value] : stored_points(state)) all.emplace(point, 0);
  return all;
}

bool flushes(const AgentProcess& agent, int times) {
  const auto commits = [&agent] { return number_of(agent, "scops_buffer_commits_total"); };
  const double before = commits();
  return eventually([&] { return commits() >= before + times; });
}

void make_foreign_database(const std::string& path) {
  fs::remove(path);
  auto database = Database::open(path, 4096);
  REQUIRE(database);
  REQUIRE(database->exec("CREATE TABLE people(name TEXT); INSERT INTO people VALUES('Ada')"));
}

const std::vector<std::pair<std::string, std::function<void(const std::string&)>>>& mischiefs() {
  static const std::vector<std::pair<std::string, std::function<void(const std::string&)>>> all = {
      {"folder deleted", [](const std::string& f) { fs::remove_all(f); }},
      {"folder renamed", [](const std::string& f) { fs::rename(f, f + "-old"); }},
      {"file deleted", [](const std::string& f) { fs::remove(f + "/buffer.db"); }},
      {"log deleted", [](const std::string& f) { fs::remove(f + "/buffer.db-wal"); }},
      {"foreign database", [](const std::string& f) { make_foreign_database(f + "/buffer.db"); }},
      {"folder in its place",
       [](const std::string& f) {
         fs::remove(f + "/buffer.db");
         fs::create_directories(f + "/buffer.db/inside");
       }},
  };
  return all;
}

// The agent goes on writing meanwhile: what it makes anew in between is in the way only once.
void insist(const std::function<void(const std::string&)>& mischief, const std::string& folder) {
  REQUIRE(eventually([&] {
    try {
      mischief(folder);
    } catch (const fs::filesystem_error&) {
      return false;
    }
    return true;
  }));
}

// A next life of the agent, with an intake that is well: all of `sent` arrives. Returns its log.
std::string deliver_again(HttpSink& sink, const std::string& state, const std::set<PointId>& sent) {
  sink.otherwise({});
  const auto before = static_cast<std::ptrdiff_t>(sink.requests().size());
  AgentProcess agent({.environment = delivering_to(sink, state)});
  CHECK(eventually([&] {
    const auto requests = sink.requests();
    const auto accepted = counted({requests.begin() + before, requests.end()});
    return std::all_of(sent.begin(), sent.end(), [&](const PointId& id) { return accepted.count(id) == 1; });
  }));
  CHECK(agent.stop() == 0);
  return agent.err();
}

// While the intake is away somebody meddles with the folder; then kill -9; then all arrives.
void meddle(const std::function<void(const std::string&)>& mischief) {
  const TempDir parent;
  const std::string state = parent / "state";
  HttpSink sink;
  sink.otherwise({.status = 503, .body = "down"});
  std::set<PointId> sent;
  {
    AgentProcess agent({.environment = delivering_to(sink, state)});
    REQUIRE(sink.wait_for(2, long_enough));
    insist(mischief, state);
    REQUIRE(agent.wait_for_err("event=file_replaced"));
    REQUIRE(flushes(agent, 1));
    for (const auto& [point, count] : counted(sink.requests())) sent.insert(point);
    agent.kill();
  }
  for (const auto& [point, value] : stored_points(state)) sent.insert(point);
  (void)deliver_again(sink, state, sent);
}

// --- an ext4 of our own, in a mount namespace of the test's own

constexpr unsigned long shutdown_request = _IOR('X', 125, std::uint32_t);  // EXT4_IOC_SHUTDOWN
constexpr std::uint32_t without_flushing = 2;

class Ext4 {
 public:
  Ext4() {
    if (::geteuid() != 0 || ::unshare(CLONE_NEWNS) != 0) return;
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
    fs::create_directory(folder());
    std::ofstream(image()).close();
    fs::resize_file(image(), 16U << 20U);
    made_ = std::system(("mkfs.ext4 -q " + image() + " >/dev/null 2>&1").c_str()) == 0 && mount();
  }
  ~Ext4() { unmount(); }
  Ext4(const Ext4&) = delete;
  Ext4& operator=(const Ext4&) = delete;

  [[nodiscard]] bool made() const { return made_; }
  [[nodiscard]] std::string folder() const { return dir_ / "disk"; }
  // What was not synced is gone. The file system takes no calls until it is mounted again.
  void cut_power() const {
    const Fd fd(::open(folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::uint32_t how = without_flushing;
    REQUIRE(::ioctl(fd.get(), shutdown_request, &how) == 0);
  }
  bool mount() const {
    return std::system(("mount -o loop " + image() + " " + folder() + " 2>/dev/null").c_str()) == 0;
  }
  void unmount() const { ::umount2(folder().c_str(), 0); }

 private:
  [[nodiscard]] std::string image() const { return dir_ / "image"; }

  TempDir dir_;
  bool made_ = false;
};

// Returns how many points were sent, and so stored, before.
std::size_t lose_power(std::mt19937& random, const Ext4& disk) {
  const std::string state = disk.folder() + "/state";
  HttpSink sink;
  sink.otherwise({.status = 503, .body = "down"});
  std::set<PointId> sent;
  {
    AgentProcess agent({.environment = delivering_to(sink, state)});
    REQUIRE(sink.wait_for(1 + random() % 5, long_enough));
    CHECK_FALSE(eventually([] { return false; }, std::chrono::milliseconds(random() % 1000)));
    for (const auto& [point, count] : counted(sink.requests())) sent.insert(point);
    disk.cut_power();
    CHECK(agent.wait_for_err("event=store_refuses"));
    CHECK(agent.page("/healthz").status == 200);
    agent.kill();
  }
  disk.unmount();
  REQUIRE(disk.mount());
  CHECK(count_of(deliver_again(sink, state, sent), "level=warn") == 0);
  return sent.size();
}

constexpr uid_t nobody = 65'532;

bool mount_memory(const std::string& folder) {
  return ::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=8m,mode=777") == 0;
}

struct Absence {
  std::string name;
  std::function<void(const std::string&disk)> begin, end;  // the state folder is disk/state
};

const std::vector<Absence>& absences() {
  const auto come = [](const std::string& disk) { REQUIRE(mount_memory(disk)); };
  const auto leave = [](const std::string& disk) { ::umount2(disk.c_str(), MNT_DETACH); };
  static const std::vector<Absence> all = {
      {"unmounted in use, another one mounted later", leave, come},
      {"another one mounted over it for a while", come, leave},
      {"its folder is forbidden for a while",
       [](const std::string& disk) { fs::permissions(disk + "/state", fs::perms::none); },
       [](const std::string& disk) { fs::permissions(disk + "/state", fs::perms::owner_all); }},
      {"its folder is deleted, another one made later",
       [](const std::string& disk) {
         fs::permissions(disk, fs::perms::owner_all);
         fs::remove_all(disk + "/state");
       },
       [](const std::string& disk) { fs::permissions(disk, fs::perms::all); }},
  };
  return all;
}

// The intake is away while the disk goes and comes. All that was captured arrives.
void go_away(const Absence& absence, const std::string& disk) {
  REQUIRE(mount_memory(disk));
  {
    auto sink = std::make_unique<HttpSink>();
    const int port = sink->port();
    Environment environment = delivering_to(*sink, disk + "/state");
    environment["SEND_SELF_METRICS"] = "false";
    sink.reset();
    AgentProcess agent({.environment = environment, .user = nobody});
    const auto taken = [&agent] { return number_of(agent, "scops_pipeline_samples_total"); };
    const auto captured = [&](int more) {
      const double before = taken();
      return eventually([&] { return taken() > before + more * 5; });
    };
    REQUIRE(captured(2));
    insist(absence.begin, disk);
    CHECK(captured(3));
    absence.end(disk);
    CHECK(captured(2));
    const auto all = static_cast<std::size_t>(taken());
    sink = std::make_unique<HttpSink>("127.0.0.1", port);
    INFO(agent.err());
    CHECK(eventually([&] { return counted(sink->requests()).size() >= all; }));
    CHECK(agent.stop() == 0);
    for (const auto& [point, count] : counted(sink->requests())) CHECK(count == 1);
  }
  while (::umount2(disk.c_str(), MNT_DETACH) == 0) continue;
}

}  // namespace

TEST_CASE("a disk that goes away under the agent and comes back costs nothing", "[disk]") {
  const bool root = ::geteuid() == 0 && ::unshare(CLONE_NEWNS) == 0 &&
                    ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  if (!root) return not_tested("no right to mount (root)");
  const int rounds = fault_tries(0, 5);
  const TempDir folder;
  fs::permissions(folder.path(), fs::perms::all);
  for (int i = 0; i < rounds; ++i) {
    for (const Absence& absence : absences()) {
      INFO(absence.name);
      go_away(absence, folder.path());
    }
  }
  if (rounds == 0) go_away(absences().front(), folder.path());
  record_fault({.area = "Disk",
                .promise = "a disk that is away for a while costs nothing",
                .fault = "unmounted in use, mounted over, its folder forbidden or deleted and made again",
                .tried = rounds * static_cast<int>(absences().size()),
                .outcome = "captures and requests went on, each point arrived once"});
}

TEST_CASE("a disk whose syncs take seconds holds up neither captures nor requests, nor a stop", "[disk]") {
  const int tries = fault_tries(1, 12);
  for (int i = 0; i < tries; ++i) {
    HttpSink sink;
    const TempDir parent;
    const std::string state = parent / "state";
    const BadDisk disk;
    AgentProcess agent({.environment = disk.on(delivering_to(sink, state))});
    REQUIRE(sink.wait_for(1, long_enough));
    const std::chrono::seconds takes(i % 3 == 0 ? 5 : i % 3 == 1 ? 2 : 8);
    disk.each_sync(takes);
    const bool goes_on = sink.wait_for(sink.requests().size() + 1, long_enough);
    const double left_out = left_out_captures(agent);
    CHECK(goes_on);
    agent.signal(SIGTERM);
    CHECK(agent.wait(stop_max) == 0);
    INFO(agent.err());
    // It did not wait for the last sync where that takes longer than a stop may.
    CHECK((takes.count() < 5 || count_of(agent.err(), "event=buffer_left_open") == 1));
    CHECK(holes_in(known(sink, state)) <= left_out);
    for (const auto& [point, count] : counted(sink.requests())) CHECK(count == 1);
  }
  record_fault({.area = "Disk",
                .promise = "a slow disk stalls nobody; a stop takes less than 5 s",
                .fault = "each sync takes 2, 5 or 8 s",
                .tried = tries,
                .outcome = "a capture each second, requests go on, stop within 5 s, no point lost"});
}

TEST_CASE("a disk that answers EIO for a while is written to again when it is well", "[disk]") {
  const int tries = fault_tries(1, 10);
  for (int i = 0; i < tries; ++i) {
    HttpSink sink;
    const TempDir parent;
    const BadDisk disk;
    AgentProcess agent({.environment = disk.on(delivering_to(sink, parent / "state"))});
    REQUIRE(sink.wait_for(1, long_enough));
    disk.each_sync({}, i % 2 == 0 ? EIO : ENOSPC);
    REQUIRE(agent.wait_for_err("event=store_refuses"));
    CHECK(sink.wait_for(sink.requests().size() + 2, long_enough));
    disk.be_well();
    CHECK(agent.wait_for_err("event=store_recovered"));
    CHECK(flushes(agent, 1));
    const double left_out = left_out_captures(agent);
    CHECK(agent.stop() == 0);
    CHECK(holes_in(known(sink, parent / "state")) <= left_out);
    for (const auto& [point, count] : counted(sink.requests())) CHECK(count == 1);
  }
  record_fault(
      {.area = "Disk",
       .promise = "a disk that fails for a while costs nothing",
       .fault = "EIO or ENOSPC for each sync, for some seconds",
       .tried = tries,
       .outcome = "said once, delivered from memory, written again afterwards; no point lost or doubled"});
}

TEST_CASE("a state folder that somebody meddles with loses nothing", "[disk]") {
  const int rounds = fault_tries(0, 3);
  for (int i = 0; i < rounds; ++i) {
    for (const auto& [name, mischief] : mischiefs()) {
      INFO(name);
      meddle(mischief);
    }
  }
  if (rounds == 0) meddle(mischiefs().front().second);
  record_fault(
      {.area = "Disk",
       .promise = "what put returned for is there",
       .fault = "folder, file or log deleted, renamed or replaced under the running agent, then kill -9",
       .tried = rounds * static_cast<int>(mischiefs().size()),
       .outcome = "all of it delivered after the restart"});
}

TEST_CASE("a power cut on a real file system loses nothing that was sent", "[disk]") {
  const int tries = fault_tries(1, 25);
  const Ext4 disk;
  if (!disk.made()) return not_tested("no ext4 on a loop device here (root, package e2fsprogs)");
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  std::size_t points = 0;
  for (int i = 0; i < tries; ++i) points += lose_power(random, disk);
  record_fault(
      {.area = "Disk",
       .promise = "what put returned for is there after a power cut",
       .fault = "ext4 shut down without flushing at a random moment, the agent killed, mounted again",
       .tried = tries,
       .outcome = fmt::format("{} stored points, all delivered after the restart", points)});
}

}  // namespace scops::test
