#include "collectors/pull/host/host.hpp"

#include <fmt/format.h>
#include <sys/sysmacros.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/registry.hpp"
#include "core/config/load.hpp"
#include "core/runtime/stop.hpp"
#include "tests/collectors/file_tree.hpp"
#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using namespace scops::host;
using test::FileTree;
using test::RecordingEmit;

namespace {

// A disk of 1000 blocks, 8:1, wherever one looks, and a clock that nobody disciplines.
SystemCalls fake_calls() {
  return {.statvfs =
              [](const char*, FsAnswer* into) {
                into->number = makedev(8, 1);
                into->counts.f_frsize = 1024;
                into->counts.f_blocks = 1000;
                into->counts.f_bfree = into->counts.f_bavail = 250;
                into->counts.f_files = 100;
                into->counts.f_ffree = into->counts.f_favail = 10;
                return 0;
              },
          .adjtimex = [](struct timex*) { return TIME_ERROR; }};
}

// A line of the mount table: of that disk, whatever it is called.
std::string mount(std::string_view device, std::string_view point) {
  return fmt::format("21 1 8:1 / {} rw - ext4 {} rw\n", point, device);
}

// Of another disk, where statvfs shows the first.
constexpr const char* covered = "22 21 8:17 / /mnt/a rw - ext4 /dev/sdb1 rw\n";

// A collector over a tree, with default settings but for the roots and the groups.
class Machine {
 public:
  explicit Machine(std::vector<std::string> metrics, SystemCalls calls = fake_calls(),
                   std::string root = "/") {
    settings_.metrics = std::move(metrics);
    settings_.proc = tree / "proc";
    settings_.sys = tree / "sys";
    settings_.root = std::move(root);
    settings_.statvfs_timeout = std::chrono::milliseconds(2000);
    tree.write("proc/stat", "cpu  1 2 3 4 5 6 7 8 0 0\n");
    collector_ = make_host(settings_, calls);
  }

  RecordingEmit collect() {
    RecordingEmit emit;
    status = collector_->collect(emit);
    return emit;
  }

  FileTree tree;
  Status status = Ok{};

 private:
  HostSettings settings_;
  std::unique_ptr<PullCollector> collector_;
};

}  // namespace

TEST_CASE("file systems are sent by device") {
  Machine machine({"fs", "inodes"});
  machine.tree.write("proc/filesystems", "nodev\ttmpfs\n\text4\n");
  machine.tree.write("proc/self/mountinfo",
                     mount("/dev/sda1", "/") + "22 21 0:20 / /run rw - tmpfs tmpfs rw\n");
  CHECK(machine.collect().lines == std::vector<std::string>{"host.fs.used device:/dev/sda1 = 768000",
                                                            "host.fs.free device:/dev/sda1 = 256000",
                                                            "host.fs.inodes.used device:/dev/sda1 = 90",
                                                            "host.fs.inodes.free device:/dev/sda1 = 10"});
}

TEST_CASE("a changed mount table is noticed") {
  Machine machine({"fs"});
  machine.tree.write("proc/self/mountinfo", mount("/dev/sda1", "/"));
  CHECK(machine.collect().count("host.fs.used") == 1);
  machine.tree.write("proc/self/mountinfo", mount("/dev/sda1", "/") + mount("/dev/sdb1", "/mnt"));
  CHECK(machine.collect().count("host.fs.used") == 2);
}

TEST_CASE("a root without a name in /dev gets the one that sysfs knows") {
  Machine machine({"fs"});
  machine.tree.write("proc/self/mountinfo", mount("/dev/root", "/"));
  machine.tree.write("sys/dev/block/8:1/uevent", "DEVNAME=mmcblk0p1\n");
  CHECK(machine.collect().value("host.fs.used device:/dev/mmcblk0p1"));
}

TEST_CASE("a mount that fails is one trouble, and another mount of its device stands in") {
  SystemCalls calls = fake_calls();
  calls.statvfs = [works = calls.statvfs](const char* path, FsAnswer* into) {
    if (std::string_view(path) != "/forbidden") return works(path, into);
    errno = EACCES;
    return -1;
  };
  Machine machine({"fs"}, calls);
  machine.tree.write("proc/self/mountinfo",
                     mount("/dev/a", "/forbidden") + mount("/dev/b", "/forbidden/b") + mount("/dev/a", "/b"));
  const RecordingEmit both = machine.collect();
  CHECK(both.count("host.fs.used") == 2);
  CHECK(both.troubles.empty());
  machine.tree.write("proc/self/mountinfo", mount("/dev/a", "/forbidden") + mount("/dev/b", "/b"));
  const RecordingEmit one = machine.collect();
  CHECK(one.count("host.fs.used") == 1);
  REQUIRE(one.troubles.size() == 1);
  CHECK(one.troubles[0].part == "fs /dev/a");
}

TEST_CASE("a mount that another one covers is left out, and that is no news") {
  Machine machine({"fs"});
  machine.tree.write("proc/self/mountinfo", mount("/dev/sda1", "/mnt") + covered);
  const RecordingEmit emit = machine.collect();
  CHECK(emit.lines == std::vector<std::string>{"host.fs.used device:/dev/sda1 = 768000",
                                               "host.fs.free device:/dev/sda1 = 256000"});
  REQUIRE(emit.troubles.size() == 1);
  CHECK(emit.troubles[0].part == "fs /dev/sdb1");
  CHECK(emit.troubles[0].error.kind == ErrorKind::absent);
}

TEST_CASE("a mount of the host that the container does not see is said") {
  Machine machine({"fs"}, fake_calls(), "/host");
  machine.tree.write("proc/1/mountinfo", mount("/dev/sda1", "/") + covered);
  const RecordingEmit emit = machine.collect();
  CHECK(emit.count("host.fs.used") == 1);
  REQUIRE(emit.troubles.size() == 1);
  CHECK(emit.troubles[0].error.kind == ErrorKind::retry);
  CHECK(
      emit.troubles[0].error.text ==
      "what is mounted at /host/mnt/a is not seen from here: give SCOPS_HOST_ROOT the host's / with rslave");
}

TEST_CASE("a wrong root of the host is named once, whatever is mounted there") {
  SystemCalls calls = fake_calls();
  calls.statvfs = [](const char*, FsAnswer*) {
    errno = ENOENT;
    return -1;
  };
  Machine machine({"fs"}, calls, "/nowhere");
  machine.tree.write("proc/1/mountinfo", mount("/dev/sda1", "/") + mount("/dev/sdb1", "/mnt"));
  const RecordingEmit emit = machine.collect();
  REQUIRE(emit.troubles.size() == 1);
  CHECK(emit.troubles[0].error.kind == ErrorKind::retry);
  CHECK(emit.troubles[0].error.text == "no root of the host at '/nowhere': see SCOPS_HOST_ROOT");
}

TEST_CASE("without process 1 the container's own mounts and interfaces are not taken for the host's") {
  Machine machine({"fs", "network"}, fake_calls(), "/host");
  machine.tree.write("proc/self/mountinfo", mount("/dev/sda1", "/"));
  machine.tree.write("proc/net/dev", "  eth0: 100 2 3 4 0 0 0 0 200 5 6 7 0 0 0 0\n");
  const RecordingEmit emit = machine.collect();
  CHECK(emit.lines.empty());
  REQUIRE(emit.troubles.size() == 2);
  for (const auto& trouble : emit.troubles) CHECK(trouble.error.kind == ErrorKind::retry);
  CHECK_THAT(emit.troubles[0].error.text, Catch::Contains("proc/1/mountinfo: No such file or directory"));
  CHECK_THAT(emit.troubles[1].error.text, Catch::Contains("proc/1/net/dev: No such file or directory"));
}

TEST_CASE("sensors that appear late are found") {
  Machine machine({"temperature"});
  machine.tree.write("sys/class/thermal/thermal_zone0/type", "cpu\n");
  machine.tree.write("sys/class/thermal/thermal_zone0/temp", "40000\n");
  CHECK(machine.collect().lines.size() == 1);
  machine.tree.write("sys/class/thermal/thermal_zone1/type", "gpu\n");
  machine.tree.write("sys/class/thermal/thermal_zone1/temp", "41000\n");
  machine.tree.remove("sys/class/thermal/thermal_zone0");
  CHECK(machine.collect().lines.empty());  // one is gone: look again
  CHECK(machine.collect().lines == std::vector<std::string>{"host.temperature sensor:gpu = 41"});
}

TEST_CASE("a clock that may not be read is absent") {
  SystemCalls calls = fake_calls();
  calls.adjtimex = [](struct timex*) {
    errno = EPERM;
    return -1;
  };
  Machine machine({"time"}, calls);
  const RecordingEmit emit = machine.collect();
  REQUIRE(emit.troubles.size() == 1);
  CHECK(emit.troubles[0].error.kind == ErrorKind::absent);
}

TEST_CASE("a wrong proc root is named") {
  Machine machine({"cpu", "la"});
  machine.tree.remove("proc/stat");
  const RecordingEmit emit = machine.collect();
  REQUIRE_FALSE(machine.status.has_value());
  CHECK(machine.status.error().text.find("SCOPS_HOST_PROC") != std::string::npos);
  CHECK(emit.troubles.empty());
}

TEST_CASE("a capture goes on when a file comes back") {
  Machine machine({"la"});
  CHECK(machine.collect().troubles.size() == 1);
  machine.tree.write("proc/loadavg", "0.5 0.4 0.3 1/2 3\n");
  CHECK(machine.collect().lines == std::vector<std::string>{"host.la period:1m = 0.5"});
}

TEST_CASE("files that are one enormous line, or too large, are troubles and nothing else") {
  const std::vector<std::string> groups{"cpu", "ram",      "la",     "network", "disk_io",
                                        "fs",  "pressure", "uptime", "wear"};
  const std::size_t size = GENERATE(std::size_t{1} << 20, (std::size_t{1} << 20) + 1);
  const char letter = GENERATE('x', '1', ' ', ':');
  Machine machine(groups);
  const std::string line(size, letter);
  for (const char* name : {"stat", "meminfo", "loadavg", "net/dev", "diskstats", "self/mountinfo",
                           "filesystems", "pressure/cpu", "pressure/io", "uptime"}) {
    machine.tree.write(std::string("proc/") + name, line);
  }
  machine.tree.write("sys/block/sda/stat", line);
  machine.tree.write("sys/block/sda/device/life_time", line);
  const RecordingEmit emit = machine.collect();
  CHECK(emit.lines.empty());
  for (const auto& trouble : emit.troubles) CHECK(trouble.error.text.size() < 400);
}

TEST_CASE("the default metrics are there on the machine that runs this") {
  const CollectorSpec* spec = find_collector("host");
  REQUIRE(spec != nullptr);
  const std::vector<Section> sections{spec->section()};
  REQUIRE(load(sections, {}).problems.empty());
  const auto collector = spec->make(sections[0].settings.get(), {});
  REQUIRE(collector.has_value());
  RecordingEmit first;
  REQUIRE((*collector)->collect(first).has_value());
  CHECK_FALSE(first.value("host.cpu.percentage"));

  RecordingEmit emit;
  for (int i = 0; i < 500 && !emit.value("host.cpu.percentage"); ++i) {  // until a tick has passed
    nap({}, std::chrono::milliseconds(20));
    emit = RecordingEmit();
    REQUIRE((*collector)->collect(emit).has_value());
  }
  CHECK(emit.value("host.cpu.percentage").value_or(-1) >= 0);
  CHECK(emit.value("host.cpu.percentage").value_or(101) <= 100);
  CHECK(emit.value("host.la period:1m").value_or(-1) >= 0);
  CHECK(emit.value("host.memory.used").value_or(0) > 1e6);
  CHECK(emit.value("host.memory.available").value_or(0) > 1e6);
  CHECK(emit.count("host.fs.used") == emit.count("host.fs.free"));
}
