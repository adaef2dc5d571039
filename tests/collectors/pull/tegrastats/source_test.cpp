// The program is a small script of the test; the clock of backoff and silence is the test's own.

#include "collectors/pull/tegrastats/source.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/support/agent_process.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/temp_dir.hpp"

using namespace scops;
using namespace scops::tegrastats;
using std::chrono::milliseconds;

namespace {

// Long enough for a script to start, however slow the machine is; a line ends the waiting.
constexpr milliseconds patient{20'000};
constexpr milliseconds brief{30};

struct Bench {
  test::TempDir dir;
  test::FakeClock clock;
  Stats stats;
  std::string path = dir / "tegrastats";

  void write(std::string_view script) {
    // Made aside and moved: a program that is open for writing cannot be executed.
    std::ofstream(dir / "new") << "#!/bin/sh\n" << script << '\n';
    ::chmod((dir / "new").c_str(), 0755);
    ::rename((dir / "new").c_str(), path.c_str());
  }

  Source source(milliseconds timeout = patient) {
    return Source({.path = path, .interval = milliseconds(30'000), .timeout = timeout}, clock, stats);
  }

  double starts() { return stats.counter("scops_tegrastats_starts_total", "").value(); }
  double bad_lines() { return stats.counter("scops_tegrastats_bad_lines_total", "").value(); }
};

// The line, or the kind and text of the error.
std::string next(Source& source) {
  const Result<std::string_view> line = source.next_line();
  if (line) return std::string(*line);
  return (line.error().kind == ErrorKind::absent ? "absent: " : "error: ") + line.error().text;
}

// Captures until it says so.
bool eventually_says(Source& source, std::string_view wanted) {
  return test::eventually([&] { return next(source) == wanted; });
}

}  // namespace

TEST_CASE("tegrastats source: the program gets its interval and gives the newest line, never one twice",
          "[tegrastats]") {
  Bench bench;
  bench.write("echo \"RAM 1/9MB $*\"; read -r go; exec sleep 1000");
  Source source = bench.source();
  CHECK(next(source) == "RAM 1/9MB --interval 30000");

  bench.write("echo 'RAM 2/9MB'; echo 'RAM 3/9MB'; echo 'a message'; exec sleep 1000");
  Source other = bench.source();
  CHECK(eventually_says(other, "RAM 3/9MB"));
  Source brief_source = bench.source(brief);
  CHECK(eventually_says(brief_source, "RAM 3/9MB"));
  CHECK(next(brief_source) == "absent: no line yet");
}

TEST_CASE("tegrastats source: without the program a capture says what to do", "[tegrastats]") {
  Bench bench;
  Source source = bench.source();
  const std::string missing = "error: start " + bench.path +
                              ": No such file or directory: install it, in a container mount it from the "
                              "host, or set TEGRASTATS_PATH";
  CHECK(next(source) == missing);
  std::ofstream(bench.path) << "#!/bin/sh\n";
  CHECK(next(source) == missing);  // it is not tried again yet
  bench.clock.advance(1000);
  CHECK(next(source) == "error: start " + bench.path +
                            ": Permission denied: it must be a program that we may execute (chmod +x " +
                            bench.path + ")");
  CHECK(bench.starts() == 0);
}

TEST_CASE("tegrastats source: a program whose loader is missing is said to lack that", "[tegrastats]") {
  Bench bench;
  std::ofstream(bench.path) << "#!" << bench.dir / "no_loader" << '\n';
  ::chmod(bench.path.c_str(), 0755);
  Source source = bench.source();
  CHECK_THAT(next(source), Catch::Contains("No such file or directory: it is there, but not what it is"));
}

TEST_CASE("tegrastats source: a start that fails for want of descriptors blames no program", "[tegrastats]") {
  Bench bench;
  bench.write("echo 'RAM 1/9MB'");
  Source source = bench.source();
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  const std::string said = next(source);
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(said == "error: pipe for " + bench.path + ": Too many open files");
}

TEST_CASE("tegrastats source: a program that ends is started again at the next capture", "[tegrastats]") {
  Bench bench;
  bench.write("echo 'RAM 1/9MB'");
  Source source = bench.source();
  for (int i = 1; i <= 3; ++i) {
    CHECK(next(source) == "RAM 1/9MB");
    CHECK(bench.starts() == i);
  }
}

TEST_CASE("tegrastats source: a program that fails is started again later and later", "[tegrastats]") {
  Bench bench;
  bench.write("echo 'must be root' >&2; exit 4");
  Source source = bench.source();
  const std::string failed = "error: " + bench.path + " ended with exit status 4, it says 'must be root'";
  CHECK(next(source) == failed);
  double starts = 1;
  for (const int pause : {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}) {
    CAPTURE(pause);
    bench.clock.advance(pause * 1000 - 1);
    CHECK(next(source) == failed);
    CHECK(bench.starts() == starts);
    bench.clock.advance(1);
    CHECK(next(source) == failed);
    CHECK(bench.starts() == ++starts);
  }
  bench.write("echo 'RAM 1/9MB'");
  bench.clock.advance(300'000);
  CHECK(next(source) == "RAM 1/9MB");
}

TEST_CASE("tegrastats source: a silent program is waited for, complained about, then replaced",
          "[tegrastats]") {
  Bench bench;
  bench.write("exec sleep 1000");
  Source source = bench.source(brief);
  CHECK(next(source) == "absent: no line yet");
  bench.clock.advance(30'000);
  CHECK(next(source) == "absent: no line yet");
  bench.clock.advance(30);
  CHECK(next(source) == "error: " + bench.path + " has printed no statistics yet");
  bench.clock.advance(30'000);
  CHECK(next(source) == "error: " + bench.path + " printed no statistics for 60.0 s");
  bench.clock.advance(1000);
  CHECK(next(source) == "absent: no line yet");
  CHECK(bench.starts() == 2);
}

TEST_CASE("tegrastats source: a line that is late once is no fault", "[tegrastats]") {
  Bench bench;
  bench.write("echo 'RAM 1/9MB'; exec sleep 1000");
  Source source = bench.source(brief);
  REQUIRE(eventually_says(source, "RAM 1/9MB"));
  bench.clock.advance(59'000);
  CHECK(next(source) == "absent: no line yet");
  bench.clock.advance(1030);
  CHECK(next(source) == "error: " + bench.path + " printed no statistics for 60.0 s");
}

TEST_CASE("tegrastats source: binary and messages are counted, not sent", "[tegrastats]") {
  Bench bench;
  bench.write("printf '\\000\\377\\376\\nhello\\n'; echo 'RAM 1/9MB'; exec sleep 1000");
  Source source = bench.source();
  CHECK(next(source) == "RAM 1/9MB");
  CHECK(bench.bad_lines() == 2);
}

TEST_CASE("tegrastats source: a program that prints something else is shown in the complaint",
          "[tegrastats]") {
  Bench bench;
  bench.write("echo 'hello world'; exec sleep 1000");
  Source source = bench.source(brief);
  CHECK(test::eventually([&] {
    (void)next(source);
    return bench.bad_lines() == 1;
  }));
  bench.clock.advance(60'030);
  CHECK(next(source) ==
        "error: " + bench.path + " printed no statistics for 60.0 s, it prints 'hello world'");
}

TEST_CASE("tegrastats source: a line of a megabyte is thrown away, the next one counts", "[tegrastats]") {
  Bench bench;
  bench.write("head -c 900000 /dev/zero | tr '\\0' x; echo; echo 'RAM 1/9MB'; exec sleep 1000");
  Source source = bench.source();
  CHECK(eventually_says(source, "RAM 1/9MB"));
  CHECK(bench.bad_lines() == 1);
}

TEST_CASE("tegrastats source: a program that prints without end costs no capture its time", "[tegrastats]") {
  Bench bench;
  bench.write("exec yes 'RAM 1/9MB'");
  Source lines = bench.source();
  CHECK(next(lines) == "RAM 1/9MB");

  bench.write("yes | tr -d '\\n'");
  Source endless = bench.source();
  CHECK(next(endless) == "absent: no line yet");
  bench.clock.advance(60'000 + patient.count());
  CHECK(next(endless) == "error: " + bench.path +
                             " printed no statistics for 80.0 s, it prints lines of more than 16384 bytes");
}

TEST_CASE("tegrastats source: half a line is kept until its end comes", "[tegrastats]") {
  Bench bench;
  // The rest comes once the test has made a file.
  bench.write("printf 'RAM 1'; until [ -e \"$0.go\" ]; do sleep 0.01; done; echo '/9MB'; exec sleep 1000");
  Source source = bench.source(brief);
  CHECK(next(source) == "absent: no line yet");
  std::ofstream(bench.path + ".go").close();
  CHECK(eventually_says(source, "RAM 1/9MB"));
}
