#include "transport/outputs/stdout/stdout.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <stop_token>
#include <string>
#include <vector>

#include "core/config/check_tables.hpp"
#include "core/config/load.hpp"
#include "core/io/files.hpp"

using namespace std::chrono_literals;
using scops::Fd;
using scops::Kind;
using scops::Payload;
using scops::SampleSet;
using scops::Stdout;
using scops::StdoutSettings;
using scops::Verdict;

namespace {

Payload samples(int count) {
  SampleSet set;
  set.series.emplace_back();
  set.series[0].name = "m";
  for (int i = 0; i < count; ++i) set.samples.push_back({0, i * 1000, static_cast<double>(i)});
  return {.metrics = set};
}

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    out = Fd(ends[0]);
    in = Fd(ends[1]);
    std::signal(SIGPIPE, SIG_IGN);  // as main() does
  }
  // What is in it now.
  std::string drain() const {
    ::fcntl(out.get(), F_SETFL, O_NONBLOCK);
    std::string text;
    std::array<char, 65536> buffer{};
    for (ssize_t n = 0; (n = ::read(out.get(), buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return text;
  }
  Fd out;
  Fd in;
};

}  // namespace

TEST_CASE("stdout: JSON lines to anything but a terminal") {
  const Pipe pipe;
  Stdout output({}, pipe.in.get());
  const auto reply = output.send(samples(1), 1s, {});
  CHECK(reply.verdict == Verdict::accepted);
  const std::string text = pipe.drain();
  CHECK(text == "{\"metric\":\"m\",\"type\":\"gauge\",\"tags\":{},\"value\":0,\"timestamp\":0}\n");
  CHECK(reply.bytes == text.size());
}

TEST_CASE("stdout: a table when asked for one") {
  const Pipe pipe;
  Stdout output({.format = "table"}, pipe.in.get());
  CHECK(output.send(samples(1), 1s, {}).verdict == Verdict::accepted);
  CHECK(pipe.drain().starts_with("1970-01-01 00:00:00 UTC, 1 point\n"));
}

TEST_CASE("stdout: it wants each flush at once") {
  CHECK(Stdout({}, 1).limits(GENERATE(Kind::metrics, Kind::logs)).immediate);
}

TEST_CASE("stdout: logs are printed too, as they are or for people") {
  const Pipe pipe;
  const Payload logs{.kind = Kind::logs, .logs = {{0, R"({"level":"INFO","message":"hello"})"}}};
  CHECK(Stdout({}, pipe.in.get()).send(logs, 1s, {}).verdict == Verdict::accepted);
  CHECK(pipe.drain() == "{\"level\":\"INFO\",\"message\":\"hello\"}\n");
  CHECK(Stdout({.format = "table"}, pipe.in.get()).send(logs, 1s, {}).verdict == Verdict::accepted);
  CHECK(pipe.drain() == "1970-01-01 00:00:00 UTC, 1 log\n  00:00:00  INFO    hello\n");
}

TEST_CASE("stdout: without a terminal a line of logs has at most 200 characters") {
  const Pipe pipe;
  const Payload logs{.kind = Kind::logs, .logs = {{0, "{\"message\":\"" + std::string(500, 'x') + "\"}"}}};
  Stdout output({.format = "table"}, pipe.in.get());
  CHECK(output.send(logs, 1s, {}).verdict == Verdict::accepted);
  const std::string text = pipe.drain();
  CHECK(text.size() - text.find('\n') - 2 == 200);
}

TEST_CASE("stdout: a reader that has gone is a reason to try again, not to die") {
  Pipe pipe;
  pipe.out.reset();
  Stdout output({}, pipe.in.get());
  const auto reply = output.send(samples(1), 1s, {});
  CHECK(reply.verdict == Verdict::retry);
  CHECK(reply.detail.find("write standard output") != std::string::npos);
}

TEST_CASE("stdout: a closed standard output is a reason to try again") {
  Pipe pipe;
  const int fd = pipe.in.get();
  pipe.in.reset();
  CHECK(Stdout({}, fd).send(samples(1), 1s, {}).verdict == Verdict::retry);
}

TEST_CASE("stdout: a reader that stalls is waited for, and the lines go on where they stopped") {
  const Pipe pipe;
  Stdout output({}, pipe.in.get());
  const Payload many = samples(3000);  // more than a pipe holds
  CHECK(output.send(many, 150ms, {}).verdict == Verdict::retry);
  std::string text = pipe.drain();
  CHECK_FALSE(text.empty());
  for (int i = 0; i < 10; ++i) {
    const auto reply = output.send(many, 150ms, {});
    text += pipe.drain();
    if (reply.verdict == Verdict::accepted) break;
  }
  CHECK(std::count(text.begin(), text.end(), '\n') == 3000);
}

TEST_CASE("stdout: what is half out is printed to its end before records of the other kind, and once") {
  const Pipe pipe;
  Stdout output({}, pipe.in.get());
  const Payload many = samples(3000);  // more than a pipe holds
  const Payload logs{.kind = Kind::logs, .logs = {{0, R"({"message":"hello"})"}}};
  CHECK(output.send(many, 150ms, {}).verdict == Verdict::retry);
  CHECK(output.send(logs, 150ms, {}).verdict == Verdict::retry);
  std::string text;
  for (int i = 0; i < 10; ++i) {
    text += pipe.drain();
    if (output.send(logs, 150ms, {}).verdict == Verdict::accepted) break;
  }
  text += pipe.drain();
  CHECK(text.ends_with("}\n{\"message\":\"hello\"}\n"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 3001);
  CHECK(output.send(many, 150ms, {}).verdict == Verdict::accepted);
  CHECK(pipe.drain().empty());
}

TEST_CASE("stdout: a line that is half out is ended when its records do not come again") {
  const Pipe pipe;
  Stdout output({}, pipe.in.get());
  Payload many = samples(3000);
  many.metrics.series[0].name = "mm";  // so that what a pipe holds ends in a line
  CHECK(output.send(many, 150ms, {}).verdict == Verdict::retry);
  std::string text = pipe.drain();
  REQUIRE_FALSE(text.ends_with('\n'));
  const auto begun = std::count(text.begin(), text.end(), '\n') + 1;
  CHECK(output.send(samples(2), 150ms, {}).verdict == Verdict::accepted);
  text += pipe.drain();
  CHECK(std::count(text.begin(), text.end(), '\n') == begun + 2);
  for (std::size_t line = 0; line < text.size(); line = text.find('\n', line) + 1)
    CHECK(text.compare(line, 10, "{\"metric\":") == 0);
}

TEST_CASE("stdout: a stop ends the wait for a reader") {
  const Pipe pipe;
  std::stop_source source;
  source.request_stop();
  Stdout output({}, pipe.in.get());
  const auto began = std::chrono::steady_clock::now();
  CHECK(output.send(samples(3000), 1min, source.get_token()).verdict == Verdict::retry);
  CHECK(std::chrono::steady_clock::now() - began < 10s);
}

TEST_CASE("stdout settings: the table keeps the law") {
  const std::vector<scops::Section> sections = {scops::stdout_section()};
  CHECK(scops::check_tables(sections).empty());
  CHECK(scops::load(sections, {}).problems.empty());
  CHECK(static_cast<const StdoutSettings*>(sections[0].settings.get())->format == "auto");
}
