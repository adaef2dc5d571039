// Lines written after the documents; real ones are in conformance_test.cpp.

#include "collectors/pull/tegrastats/line.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using namespace scops::tegrastats;
using scops::test::RecordingEmit;

namespace {

using Lines = std::vector<std::string>;

Lines emitted(std::string_view line, const Groups& groups = all_groups) {
  RecordingEmit emit;
  emit_line(line, groups, emit);
  for (std::string& text : emit.lines) text.erase(0, std::string_view("tegrastats.").size());
  return emit.lines;
}

}  // namespace

TEST_CASE("tegrastats: without options RAM and temperatures are sent, as Chouette names them",
          "[tegrastats]") {
  const Groups usual{.ram = true, .temp = true};
  CHECK(emitted("RAM 10/30MB (lfb 2x4MB) SWAP 1/2MB (cached 0MB) CPU [1%@102,off] GR3D_FREQ 5%@76 CPU@25.5C "
                "AO@-3.5C VDD_IN 2545/2547",
                usual) == Lines{"ram.used = 10485760", "ram.free = 20971520", "temperature zone:CPU = 25.5",
                                "temperature zone:AO = -3.5"});
}

TEST_CASE("tegrastats: memory is bytes, in the unit of the line", "[tegrastats]") {
  CHECK(emitted("RAM 1/3MB (lfb 6x512kB) SWAP 2/5MB (cached 1MB) IRAM 0/252kB(lfb 252kB)") ==
        Lines{"ram.used = 1048576", "ram.free = 2097152", "lfb.blocks = 6", "lfb.size = 524288",
              "swap.used = 2097152", "swap.free = 3145728", "swap.cached = 1048576", "iram.used = 0",
              "iram.free = 258048", "iram.lfb = 258048"});
  CHECK(emitted("RAM 1/1MB (lfb 3kb)") == Lines{"ram.used = 1048576", "ram.free = 0", "lfb.size = 3072"});
}

TEST_CASE("tegrastats: the name CPU is told apart by what follows", "[tegrastats]") {
  CHECK(emitted("CPU [7%@1190,off] CPU@37.5C CPU 311/310 GPU 0/0 GPU@-256C") ==
        Lines{"cpu.load core:0 = 7", "cpu.mhz core:0 = 1190", "cpu.online = 1", "temperature zone:CPU = 37.5",
              "power.current rail:CPU = 311", "power.average rail:CPU = 310", "power.current rail:GPU = 0",
              "power.average rail:GPU = 0"});
}

TEST_CASE("tegrastats: cores that are off are absent, an idle one is 0", "[tegrastats]") {
  CHECK(emitted("CPU [off,0%@729,off,3%@-1]") ==
        Lines{"cpu.load core:1 = 0", "cpu.mhz core:1 = 729", "cpu.load core:3 = 3", "cpu.online = 2"});
  CHECK(emitted("cpu [5%,off]@2218") ==
        Lines{"cpu.load core:0 = 5", "cpu.mhz core:0 = 2218", "cpu.online = 1"});
  CHECK(emitted("CPU [off,off]") == Lines{"cpu.online = 0"});
}

TEST_CASE("tegrastats: a core that is not understood costs only itself and the count", "[tegrastats]") {
  CHECK(emitted("CPU [1%@102,sleeping,300%@102]") ==
        Lines{"cpu.load core:0 = 1", "cpu.mhz core:0 = 102", "cpu.mhz core:2 = 102"});
}

TEST_CASE("tegrastats: memory bandwidth of 0 without a clock is no measurement", "[tegrastats]") {
  CHECK(emitted("EMC_FREQ 0%").empty());
  CHECK(emitted("EMC_FREQ 0%@-1").empty());
  CHECK(emitted("EMC_FREQ 0%@204") == Lines{"emc.load = 0", "emc.mhz = 204"});
  CHECK(emitted("EMC 30%@1600") == Lines{"emc.load = 30", "emc.mhz = 1600"});
  CHECK(emitted("EMC_FREQ @4266") == Lines{"emc.mhz = 4266"});
}

TEST_CASE("tegrastats: the GPU's load is real without a clock, and absent where it is not said",
          "[tegrastats]") {
  CHECK(emitted("GR3D_FREQ 0%") == Lines{"gpu.load = 0"});
  CHECK(emitted("GR3D 39%@76") == Lines{"gpu.load = 39", "gpu.mhz = 76"});
  CHECK(emitted("GR3D_FREQ @[314,320,0]") == Lines{"gpu.gpc.mhz gpc:0 = 314", "gpu.gpc.mhz gpc:1 = 320",
                                                   "gpu.gpc.mhz gpc:2 = 0", "gpu.mhz = 320"});
  CHECK(emitted("GR3D_FREQ 7%@[off,320]") == Lines{"gpu.gpc.mhz gpc:1 = 320", "gpu.load = 7"});
  CHECK(emitted("GR3D_FREQ 7%@[510]") == Lines{"gpu.gpc.mhz gpc:0 = 510", "gpu.load = 7", "gpu.mhz = 510"});
}

TEST_CASE("tegrastats: one token for each part of the GPU becomes one tag", "[tegrastats]") {
  CHECK(emitted("GR3D_FREQ 9%@611 GR3D2_FREQ 9%@612") ==
        Lines{"gpu.gpc.load gpc:0 = 9", "gpu.gpc.mhz gpc:0 = 611", "gpu.gpc.load gpc:1 = 9",
              "gpu.gpc.mhz gpc:1 = 612", "gpu.load = 9", "gpu.mhz = 612"});
  // The first one's clock is not known, so the highest is not either.
  CHECK(emitted("GR3D_FREQ 0% GR3D2_FREQ 0%@0") ==
        Lines{"gpu.gpc.load gpc:0 = 0", "gpu.gpc.load gpc:1 = 0", "gpu.gpc.mhz gpc:1 = 0", "gpu.load = 0"});
  // One that is off has none.
  CHECK(emitted("GR3D_FREQ 75%@611 GR3D2_FREQ off") ==
        Lines{"gpu.gpc.load gpc:0 = 75", "gpu.gpc.mhz gpc:0 = 611", "gpu.load = 75", "gpu.mhz = 611"});
}

TEST_CASE("tegrastats: engines say their clock, their load, both, or that they are off", "[tegrastats]") {
  CHECK(emitted("NVENC 716") == Lines{"engine.mhz engine:nvenc = 716", "engine.on engine:nvenc = 1"});
  CHECK(emitted("VIC_FREQ 729") == Lines{"engine.mhz engine:vic = 729", "engine.on engine:vic = 1"});
  CHECK(emitted("NVENC0    off") == Lines{"engine.on engine:nvenc0 = 0"});
  CHECK(emitted("OFA_FREQ @0") == Lines{"engine.mhz engine:ofa = 0", "engine.on engine:ofa = 0"});
  CHECK(emitted("VIC 36%@115") ==
        Lines{"engine.load engine:vic = 36", "engine.mhz engine:vic = 115", "engine.on engine:vic = 1"});
  CHECK(emitted("NVDLA0_LOAD 0%") == Lines{"engine.load engine:nvdla0 = 0"});
  CHECK(emitted("PVA0_FREQ [10%,20%]@900") ==
        Lines{"engine.load engine:pva0 unit:0 = 10", "engine.load engine:pva0 unit:1 = 20",
              "engine.mhz engine:pva0 = 900", "engine.on engine:pva0 = 1"});
}

TEST_CASE("tegrastats: an engine of a later board is known by its load and clock", "[tegrastats]") {
  CHECK(emitted("NEWTHING 3%@900") == Lines{"engine.load engine:newthing = 3",
                                            "engine.mhz engine:newthing = 900",
                                            "engine.on engine:newthing = 1"});
  CHECK(emitted("NEWTHING_FREQ off") == Lines{"engine.on engine:newthing = 0"});
  CHECK(emitted("FAN 30% MODE 2 MAXN off").empty());
}

TEST_CASE("tegrastats: the firmware's foreground and background are two", "[tegrastats]") {
  CHECK(emitted("MTS fg 1% bg 9%") == Lines{"mts.load mode:fg = 1", "mts.load mode:bg = 9"});
}

TEST_CASE("tegrastats: sensors without power and the one that reports a constant are left out",
          "[tegrastats]") {
  CHECK(emitted("CV0@-256C PMIC@100C pmic@50C AUX@-100C tj@38C") == Lines{"temperature zone:tj = 38"});
}

TEST_CASE("tegrastats: temperatures may come with the highest so far", "[tegrastats]") {
  CHECK(emitted("cpu@34.8C/50C") == Lines{"temperature zone:cpu = 34.8", "temperature.max zone:cpu = 50"});
}

TEST_CASE("tegrastats: zones can be sent in lower case, whatever JetPack it is", "[tegrastats]") {
  Groups groups{.temp = true};
  groups.lowercase_zones = true;
  CHECK(emitted("Tboard@36C CPU@41C", groups) ==
        Lines{"temperature zone:tboard = 36", "temperature zone:cpu = 41"});
}

TEST_CASE("tegrastats: rails are kept apart, in milliwatts, of all three layouts", "[tegrastats]") {
  CHECK(emitted("VDD_IN 2003/2658 VDD_SOC 2801mW/2749mW VIN 87426mW/43713mW/87430mW NC 0mW/0mW NC 1/2") ==
        Lines{"power.current rail:VDD_IN = 2003", "power.average rail:VDD_IN = 2658",
              "power.current rail:VDD_SOC = 2801", "power.average rail:VDD_SOC = 2749",
              "power.current rail:VIN = 87426", "power.average rail:VIN = 43713",
              "power.max rail:VIN = 87430"});
}

TEST_CASE("tegrastats: names may begin with a digit, but are no numbers", "[tegrastats]") {
  CHECK(emitted("5V0_SYS 10/20 12 30/40 3@50C") ==
        Lines{"power.current rail:5V0_SYS = 10", "power.average rail:5V0_SYS = 20"});
}

TEST_CASE("tegrastats: what is not known is skipped, and what follows it is not", "[tegrastats]") {
  CHECK(emitted("RAM 1/1MB (lfb 1x4MB) FUTURE_TOKEN value FUTURE2 {1;2} FUTURE3@x NVENC 5%@7 (x) CPU@30C") ==
        Lines{"ram.used = 1048576", "ram.free = 0", "lfb.blocks = 1", "lfb.size = 4194304",
              "engine.load engine:nvenc = 5", "engine.mhz engine:nvenc = 7", "engine.on engine:nvenc = 1",
              "temperature zone:CPU = 30"});
}

TEST_CASE("tegrastats: the order of the words means nothing", "[tegrastats]") {
  CHECK(emitted("VDD_IN 1mW/2mW CPU@30C APE 150 CPU [1%@2] RAM 1/2MB (lfb 1x4MB)") ==
        Lines{"power.current rail:VDD_IN = 1", "power.average rail:VDD_IN = 2", "temperature zone:CPU = 30",
              "engine.mhz engine:ape = 150", "engine.on engine:ape = 1", "cpu.load core:0 = 1",
              "cpu.mhz core:0 = 2", "cpu.online = 1", "ram.used = 1048576", "ram.free = 1048576",
              "lfb.blocks = 1", "lfb.size = 4194304"});
}

TEST_CASE("tegrastats: words that are cut off, broken or out of range give nothing", "[tegrastats]") {
  for (const char* broken : {"",
                             " ",
                             "RAM",
                             "RAM 1",
                             "RAM 1/",
                             "RAM 1/MB",
                             "RAM 2/1MB",
                             "RAM -1/2MB",
                             "RAM 99999999999999999999/1MB",
                             "CPU [1%@2,3%",
                             "CPU",
                             "CPU [",
                             "EMC_FREQ",
                             "EMC_FREQ %@",
                             "GR3D_FREQ 5",
                             "GR3D_FREQ @[1,2",
                             "NVENC @",
                             "NVENC 300%",
                             "NVENC 3e2%",
                             "cpu@C",
                             "cpu@1e3C",
                             "cpu@5",
                             "cpu@999C",
                             "@5C",
                             "cpu@nanC",
                             "VDD_IN 5mW/6",
                             "VDD_IN 5/6mW",
                             "VDD_IN 5",
                             "VDD_IN /",
                             "VDD_IN 5/",
                             "VDD_IN 1mW/2mW/3mW/4mW",
                             "VDD_IN 99999999999mW/1mW",
                             "\xff\xfe@30C",
                             "MTS fg",
                             "EDP limit",
                             "limit 5",
                             "NVENC 999999999"}) {
    CAPTURE(broken);
    CHECK(emitted(broken).empty());
  }
}

TEST_CASE("tegrastats: bytes that are no text cost only their word", "[tegrastats]") {
  CHECK(emitted(std::string_view("RAM 1/1MB \0\xff NVENC\x01 off CPU@30C", 31)) ==
        Lines{"ram.used = 1048576", "ram.free = 0", "temperature zone:CPU = 30"});
}

TEST_CASE("tegrastats: a name counts once", "[tegrastats]") {
  CHECK(emitted("wifi@30C wifi@40C VDD_IN 1/2 VDD_IN 3/4 RAM 1/1MB RAM 2/2MB") ==
        Lines{"temperature zone:wifi = 30", "power.current rail:VDD_IN = 1", "power.average rail:VDD_IN = 2",
              "ram.used = 1048576", "ram.free = 0"});
}

TEST_CASE("tegrastats: a line of a thousand names sends no more than a line may", "[tegrastats]") {
  std::string line = "RAM 1/1MB";
  for (int i = 0; i < 1000; ++i) line += fmt::format(" zone{}@30C", i);
  CHECK(emitted(line).size() < 140);
}

TEST_CASE("tegrastats: lines without RAM are messages", "[tegrastats]") {
  CHECK(is_statistics("RAM 1/2MB"));
  CHECK(is_statistics("01-01-1970 00:00:12 RAM 1/2MB (lfb 1x4MB) CPU [0%@1]"));
  CHECK(is_statistics("board7 tegrastats: RAM   1/2MB"));
  CHECK_FALSE(is_statistics(""));
  CHECK_FALSE(is_statistics("RAM"));
  CHECK_FALSE(is_statistics("Failed to read RAM: 5"));
  CHECK_FALSE(is_statistics("IRAM 0/252kB(lfb 252kB)"));
  CHECK_FALSE(is_statistics("RAM x/2MB"));
}
