// The law of the third seam (core/model/output.hpp), for every output: each row of outputs() is one more
// implementation under the same tests.

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/io/files.hpp"
#include "core/model/output.hpp"
#include "tests/support/http_sink.hpp"
#include "transport/outputs/datadog/datadog.hpp"
#include "transport/outputs/registry.hpp"
#include "transport/outputs/stdout/stdout.hpp"

using namespace std::chrono_literals;
using scops::Kind;
using scops::Output;
using scops::Payload;
using scops::Reply;
using scops::SampleSet;
using scops::Verdict;

namespace {

// An output with the far end it speaks to.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual Output& output() = 0;
  // The bodies of the requests so far.
  virtual std::vector<std::string> received() = 0;
  // From now on the far end takes nothing.
  virtual void hang() = 0;
};

class DatadogSubject final : public Subject {
 public:
  DatadogSubject() {
    scops::DatadogSettings settings;
    settings.api_key.text = "contract-key";
    settings.url = sink_.url();
    settings.logs_url = sink_.url();
    output_ =
        std::make_unique<scops::Datadog>(settings, scops::OutputContext{.host = "h", .user_agent = "t"});
  }
  Output& output() override { return *output_; }
  std::vector<std::string> received() override {
    std::vector<std::string> bodies;
    for (const auto& request : sink_.requests()) bodies.push_back(request.raw_body);
    return bodies;
  }
  void hang() override { sink_.otherwise({.fault = scops::test::Fault::stall}); }

 private:
  scops::test::HttpSink sink_;
  std::unique_ptr<scops::Datadog> output_;
};

class StdoutSubject final : public Subject {
 public:
  StdoutSubject() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) std::abort();
    out_ = scops::Fd(ends[0]);
    in_ = scops::Fd(ends[1]);
    std::signal(SIGPIPE, SIG_IGN);
    output_ = std::make_unique<scops::Stdout>(scops::StdoutSettings{}, in_.get());
  }
  Output& output() override { return *output_; }
  std::vector<std::string> received() override {
    std::string text(1 << 16, '\0');
    const ssize_t count = ::read(out_.get(), text.data(), text.size());
    // Pipes have no edges: the tests send the same batch, so the text is cut in equal parts.
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    if (text.empty()) return {};
    const std::string half = text.substr(0, text.size() / 2);
    return half + half == text ? std::vector{half, half} : std::vector{text};
  }
  void hang() override {
    const std::string filler(4096, 'x');
    while (::write(in_.get(), filler.data(), filler.size()) > 0) {
    }
  }

 private:
  scops::Fd out_;
  scops::Fd in_;
  std::unique_ptr<scops::Stdout> output_;
};

struct Row {
  std::string name;
  std::function<std::unique_ptr<Subject>()> make;
};

std::vector<Row> outputs() {
  return {
      {"datadog", [] { return std::make_unique<DatadogSubject>(); }},
      {"stdout", [] { return std::make_unique<StdoutSubject>(); }},
  };
}

Payload samples() {
  SampleSet set;
  set.series.resize(2);
  set.series[0].name = "contract.a";
  set.series[0].tags = {"k:v"};
  set.series[1].name = "contract.b";
  set.samples = {{0, 1'700'000'000'000, 0}, {0, 1'700'000'010'500, 1.5}, {1, 1'700'000'000'000, -2}};
  return {.metrics = set};
}

Payload logs() {
  return {.kind = Kind::logs,
          .logs = {{1'700'000'000'000, R"({"ddtags":["k:v"],"message":{"n":1.50}})"}, {1, "{}"}}};
}

// Each kind of record that outputs must take.
Payload any_payload() { return GENERATE(true, false) ? samples() : logs(); }

}  // namespace

TEST_CASE("output contract: every output is under it") {
  std::vector<std::string> known;
  std::vector<std::string> tested;
  for (const auto* spec : scops::output_specs()) known.emplace_back(spec->name);
  for (const Row& row : outputs()) tested.push_back(row.name);
  CHECK(known == tested);
}

TEST_CASE("output contract: an accepted batch has arrived, and its bytes are counted") {
  const Row row = GENERATE(from_range(outputs()));
  INFO(row.name);
  const Payload payload = any_payload();
  const auto subject = row.make();
  const Reply reply = subject->output().send(payload, 10s, {});
  CHECK(reply.verdict == Verdict::accepted);
  const auto received = subject->received();
  REQUIRE(received.size() == 1);
  CHECK(reply.bytes == received[0].size());
}

TEST_CASE("output contract: the same records give the same bytes") {
  const Row row = GENERATE(from_range(outputs()));
  INFO(row.name);
  const Payload payload = any_payload();
  const auto subject = row.make();
  (void)subject->output().send(payload, 10s, {});
  (void)subject->output().send(payload, 10s, {});
  const auto received = subject->received();
  REQUIRE(received.size() == 2);
  CHECK(received[0] == received[1]);
}

TEST_CASE("output contract: an empty batch sends nothing and is accepted") {
  const Row row = GENERATE(from_range(outputs()));
  INFO(row.name);
  const Kind kind = GENERATE(Kind::metrics, Kind::logs);
  const auto subject = row.make();
  CHECK(subject->output().send({.kind = kind}, 10s, {}).verdict == Verdict::accepted);
  CHECK(subject->received().empty());
}

TEST_CASE("output contract: a far end that hangs costs the timeout and no more") {
  const Row row = GENERATE(from_range(outputs()));
  INFO(row.name);
  const Payload payload = any_payload();
  const auto subject = row.make();
  subject->hang();
  const auto began = std::chrono::steady_clock::now();
  const Reply reply = subject->output().send(payload, 200ms, {});
  CHECK(std::chrono::steady_clock::now() - began < 10s);
  CHECK(reply.verdict == Verdict::retry);
  CHECK_FALSE(reply.detail.empty());
  CHECK(reply.detail.find('\n') == std::string::npos);
}

TEST_CASE("output contract: a stop ends a send early") {
  const Row row = GENERATE(from_range(outputs()));
  INFO(row.name);
  const Payload payload = any_payload();
  const auto subject = row.make();
  subject->hang();
  std::stop_source source;
  source.request_stop();
  const auto began = std::chrono::steady_clock::now();
  CHECK(subject->output().send(payload, 1min, source.get_token()).verdict == Verdict::retry);
  CHECK(std::chrono::steady_clock::now() - began < 10s);
}
