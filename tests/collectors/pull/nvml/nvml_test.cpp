// Against a library of the tests' own (tests/fake_nvml), whose machine is a file.
#include <dlfcn.h>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "collectors/pull/nvml/gpu.hpp"
#include "collectors/registry.hpp"
#include "core/config/load.hpp"
#include "core/config/spec.hpp"
#include "core/runtime/stats.hpp"
#include "tests/collectors/recording_emit.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/temp_dir.hpp"

using namespace scops;
using scops::test::FakeClock;
using scops::test::RecordingEmit;
using scops::test::TempDir;

namespace {

constexpr const char* one_gpu = "gpu\nname A\nload 50 10\n";
constexpr const char* two_gpus = "gpu\nload 50 10\ngpu\nload 60 20\n";

// By its path: the sanitizers' dlopen looks nowhere else.
std::string library() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "libfake_nvml.so").string();
}

// How many have initialized the library and not shut it down.
int users() {
  void* const handle = ::dlopen(library().c_str(), RTLD_NOW | RTLD_NOLOAD);
  if (handle == nullptr) return 0;
  using Count = int (*)();
  const auto count = reinterpret_cast<Count>(::dlsym(handle, "fakeNvmlUsers"));
  const int number = count();
  ::dlclose(handle);
  return number;
}

struct Machine {
  explicit Machine(const std::string& text, std::vector<std::string> environment = {}) {
    ::setenv("SCOPS_CASE_ROOT", folder.path().c_str(), 1);
    become(text);
    environment.push_back("SCOPS_NVML_LIBRARY=" + library());
    const Loaded loaded = load(sections, {.environment = environment});
    REQUIRE(loaded.problems == std::vector<std::string>{});
    auto made = find_collector("nvml")->make(sections[0].settings.get(), {.clock = &clock, .stats = &stats});
    REQUIRE(made);
    collector = std::move(*made);
  }
  void become(const std::string& text) const { std::ofstream(folder / "nvml.txt") << text; }
  RecordingEmit capture() {
    RecordingEmit emit;
    const Status status = collector->collect(emit);
    failed = status ? "" : status.error().text;
    quiet = !status && status.error().kind == ErrorKind::absent;
    return emit;
  }

  TempDir folder;
  FakeClock clock;
  Stats stats;
  std::vector<Section> sections{find_collector("nvml")->section()};
  std::unique_ptr<PullCollector> collector;
  std::string failed;
  bool quiet = false;
};

}  // namespace

TEST_CASE("the library is initialized once, and shut down with the collector", "[nvml]") {
  Machine machine(one_gpu);
  CHECK(users() == 0);
  for (int i = 0; i < 3; ++i) {
    machine.capture();
    CHECK(users() == 1);
  }
  machine.collector.reset();
  CHECK(users() == 0);
}

TEST_CASE("a GPU that is lost is left out, the others go on", "[nvml]") {
  Machine machine(two_gpus);
  CHECK(machine.capture().lines.size() == 4);
  machine.become("gpu\nload !15\nmemory 1 1 1\ngpu\nload 60 20\n");
  const RecordingEmit emit = machine.capture();
  CHECK(emit.lines == std::vector<std::string>{"nvml.load.gpu gpu:1 = 60", "nvml.load.memory gpu:1 = 20"});
  REQUIRE(emit.troubles.size() == 1);
  CHECK(emit.troubles[0].part == "gpu 0");
  CHECK(emit.troubles[0].error.text == "load: GPU is lost (15)");
  CHECK(machine.capture().troubles.empty());  // not asked again
}

TEST_CASE("a GPU that is back is found by a new initialization, some time later", "[nvml]") {
  Machine machine(two_gpus);
  machine.capture();
  machine.become("gpu\nload !15\ngpu\nload 60 20\n");
  machine.capture();
  machine.become(two_gpus);
  CHECK(machine.capture().lines.size() == 2);
  machine.clock.advance(10'000);
  CHECK(machine.capture().lines.size() == 4);
  CHECK(users() == 1);
}

TEST_CASE("a GPU that stays away makes the library be initialized less and less often", "[nvml]") {
  const std::string away = GENERATE("handle 15", "load !15", "load !16");
  Machine machine("gpu\n" + away + "\ngpu\nload 60 20\n");
  CAPTURE(away);
  int initialized = 0;
  for (int i = 0; i < 360; ++i) {  // an hour
    const RecordingEmit emit = machine.capture();
    CHECK(emit.lines.size() == 2);
    initialized += static_cast<int>(emit.troubles.size());
    machine.clock.advance(10'000);
  }
  CHECK(initialized > 5);
  CHECK(initialized < 15);
}

TEST_CASE("the last GPU that goes ends the initialization, and is waited for", "[nvml]") {
  Machine machine(one_gpu);
  machine.capture();
  machine.become("gpu\nload !15\n");
  machine.capture();
  CHECK(machine.failed.find("no GPU answers any more") != std::string::npos);
  CHECK(users() == 0);
  machine.become(one_gpu);
  CHECK(machine.capture().lines.empty());
  machine.clock.advance(10'000);
  CHECK(machine.capture().lines.size() == 2);
}

TEST_CASE("a GPU that was unplugged before a new initialization is no longer there", "[nvml]") {
  Machine machine(two_gpus);
  machine.capture();
  machine.become("gpu\nload !16\ngpu\nload 60 20\n");
  machine.capture();
  machine.become("gpu\nload 60 20\n");
  machine.clock.advance(10'000);
  CHECK(machine.capture().lines ==
        std::vector<std::string>{"nvml.load.gpu gpu:0 = 60", "nvml.load.memory gpu:0 = 20"});
}

TEST_CASE("without a driver nothing is sent, quietly, until there is one", "[nvml]") {
  Machine machine("init 9\n");
  CHECK(machine.capture().lines.empty());
  CHECK(machine.quiet);
  CHECK(machine.failed.find("Driver Not Loaded (9)") != std::string::npos);
  CHECK(machine.failed.find("--gpus all") != std::string::npos);
  machine.become(one_gpu);
  CHECK(machine.capture().lines.empty());
  CHECK(machine.quiet);
  machine.clock.advance(10'000);
  CHECK(machine.capture().lines.size() == 2);
}

TEST_CASE("no GPU at all is quiet, one that cannot be counted is not", "[nvml]") {
  Machine none("gpus 0\n");
  CHECK(none.capture().lines.empty());
  CHECK(none.quiet);
  CHECK(users() == 0);
  Machine uncounted("count 999\n");
  uncounted.capture();
  CHECK_FALSE(uncounted.quiet);
}

TEST_CASE("GPUs of others, which a container may not ask, are quiet and cost no new initialization",
          "[nvml]") {
  Machine machine("gpu\nhandle 4\ngpu\nload 60 20\n");
  for (int i = 0; i < 100; ++i) {
    const RecordingEmit emit = machine.capture();
    CHECK(emit.lines.size() == 2);
    CHECK(emit.troubles.size() == (i == 0 ? 1 : 0));
    machine.clock.advance(30'000);
  }
}

TEST_CASE("a call that fails costs only its own value", "[nvml]") {
  Machine machine("gpu\nload !999\nmemory 10 4 6\ntemperature_v !4\npower 1500\n");
  const RecordingEmit emit = machine.capture();
  CHECK(emit.lines == std::vector<std::string>{"nvml.memory.used gpu:0 = 6", "nvml.memory.free gpu:0 = 4",
                                               "nvml.power.usage gpu:0 = 1.5"});
  CHECK(emit.troubles.size() == 2);
}

TEST_CASE("where the new call for the temperature is not supported the old one is asked", "[nvml]") {
  Machine machine("gpu\ntemperature 33\n");
  CHECK(machine.capture().lines == std::vector<std::string>{"nvml.temperature gpu:0 = 33"});
  machine.become("gpu\ntemperature_v !25\ntemperature 34\n");
  CHECK(machine.capture().lines == std::vector<std::string>{"nvml.temperature gpu:0 = 34"});
  machine.become("gpu\ntemperature 4294967291\n");  // -5 in an answer without a sign
  CHECK(machine.capture().lines == std::vector<std::string>{"nvml.temperature gpu:0 = -5"});
}

TEST_CASE("reasons to throttle that the GPU cannot give are absent, those that it does not give are 0",
          "[nvml]") {
  Machine machine("gpu\nthrottle 32\nthrottle_supported 36\n", {"SCOPS_NVML_METRICS=[\"throttle\"]"});
  CHECK(machine.capture().lines == std::vector<std::string>{"nvml.throttle gpu:0 reason:sw_power_cap = 0",
                                                            "nvml.throttle gpu:0 reason:sw_thermal = 1"});
  machine.become("gpu\nthrottle 18446744073709551615\nthrottle_supported 36\n");
  CHECK(machine.capture().lines.empty());
}

TEST_CASE("names and uuids are tags where they are wanted and known", "[nvml]") {
  Machine machine("gpu\nname A\tB\nload 1 2\n", {"SCOPS_NVML_TAGS=[\"name\",\"uuid\"]"});
  CHECK(machine.capture().keys.at(0) == "nvml.load.gpu gpu:0 name:A?B");
}

TEST_CASE("more GPUs than gpus_max are said, not asked", "[nvml]") {
  Machine machine("gpu\nload 1 1\ngpu\nload 2 2\ngpu\nload 3 3\n", {"SCOPS_NVML_GPUS_MAX=2"});
  const RecordingEmit emit = machine.capture();
  CHECK(emit.lines.size() == 4);
  REQUIRE(emit.troubles.size() == 1);
  CHECK(emit.troubles[0].error.text == "2 of 3 are asked, see SCOPS_NVML_GPUS_MAX");
}

TEST_CASE("a GPU that answers nothing leads to the collectors for Jetson", "[nvml]") {
  Machine machine("gpu\nname Orin (nvgpu)\n");
  CHECK(machine.capture().lines.empty());
  CHECK(machine.quiet);
  CHECK(machine.failed.find("'Orin (nvgpu)'") != std::string::npos);
  CHECK(machine.failed.find("tegrastats") != std::string::npos);
}
