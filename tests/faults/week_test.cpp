// A week in minutes: the agent's own parts under a clock that the test moves on, with every input that has
// something outside of it failing now and then. What the process has at the end, it had at the beginning.
#include <dirent.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/draining.hpp"
#include "agent/pipeline/intake.hpp"
#include "agent/pipeline/pipeline.hpp"
#include "agent/schedule.hpp"
#include "agent/settings.hpp"
#include "collectors/registry.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"
#include "core/runtime/log.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/temp_dir.hpp"
#include "transport/buffer/buffer.hpp"
#include "transport/dispatch/delivery.hpp"

namespace scops::test {
namespace {

constexpr int windows_a_week = 7 * 24 * 360;  // of ten seconds

std::size_t entries_of(const std::string& folder) {
  std::size_t count = 0;
  DIR* const open = ::opendir(folder.c_str());
  if (open == nullptr) return 0;
  while (::readdir(open) != nullptr) ++count;  // NOLINT(concurrency-mt-unsafe): a stream of our own
  ::closedir(open);
  return count;
}

struct Holdings {
  std::size_t descriptors = 0, threads = 0, children = 0;
  double mebibytes = 0;  // in use on the heap; with sanitizers 0
};

Holdings holdings() {
  Holdings now{.descriptors = entries_of("/proc/self/fd"),
               .threads = entries_of("/proc/self/task"),
               .children = 0,
               .mebibytes = static_cast<double>(::mallinfo2().uordblks) / 1048576};
  const auto children = read_file("/proc/thread-self/children", 65536);
  if (children) now.children = static_cast<std::size_t>(std::count(children->begin(), children->end(), ' '));
  return now;
}

// What App wires, driven by hand: each turn is one window.
class Week {
 public:
  explicit Week(std::vector<std::string> environment) {
    LoadInput input;
    input.environment = std::move(environment);
    const Loaded loaded = settings_.load(input);
    for (const std::string& problem : loaded.problems) FAIL(problem);
    BufferContext context = settings_.buffer_context(state_.path(), {"datadog"});
    context.clock = &clock_;
    context.stats = &stats_;
    buffer_ = *open_buffer(settings_.buffer(), context);
    pipeline_ = std::make_unique<Pipeline>(settings_.pipeline(), block_records_max, stats_);
    for (const std::string& name : settings_.collectors()) add(*find_collector(name));
    output_ = *find_output("datadog")->make(settings_.room("datadog"),
                                            {.host = "owl", .user_agent = "t", .tags = {}});
    for (const Kind kind : {Kind::metrics, Kind::logs}) {
      deliveries_.push_back(std::make_unique<Delivery>("datadog", kind, *output_, pace_,
                                                       DeliveryContext{.buffer = *buffer_,
                                                                       .stats = stats_,
                                                                       .clock = clock_,
                                                                       .settings = settings_.dispatch(),
                                                                       .host = "owl",
                                                                       .seed = 1,
                                                                       .self = {}}));
    }
  }

  // Ten seconds go by.
  void turn() {
    const bool capture = ++turns_ % 3 == 0;
    for (Input& input : inputs_) {
      if (capture || input.drain) input.schedule->capture();
    }
    for (Block& block : pipeline_->flush(clock_.wall())) REQUIRE(buffer_->put(std::move(block)));
    REQUIRE(buffer_->maintain(clock_.wall()));
    for (const auto& delivery : deliveries_) {
      for (int i = 0; i < 5; ++i) {
        if (delivery->step(Duration(5000), {}) > clock_.steady()) break;
      }
    }
    clock_.advance(10'000);
  }

  [[nodiscard]] TimeMs now() const { return clock_.wall(); }
  [[nodiscard]] BufferStats waiting() const { return buffer_->stats(); }
  [[nodiscard]] double errors(std::string_view collector) const {
    for (const Input& input : inputs_) {
      if (input.schedule->state().name == collector)
        return static_cast<double>(input.schedule->state().errors);
    }
    return -1;
  }

 private:
  struct Input {
    std::unique_ptr<PullCollector> collector;
    std::unique_ptr<Schedule> schedule;
    bool drain = false;
  };

  void add(const CollectorSpec& spec) {
    Input input;
    if (spec.make != nullptr) {
      input.collector = *spec.make(settings_.room(spec.name),
                                   settings_.collector_context(clock_, stats_, Duration(30'000)));
    } else {
      auto drain = spec.make_drain(settings_.room(spec.name), {.redis = redis_target(settings_.redis()),
                                                               .window = Duration(10'000),
                                                               .metric_ttl = settings_.buffer().metric_ttl,
                                                               .log_ttl = settings_.buffer().log_ttl,
                                                               .agent = "week",
                                                               .plausible_since = 0,
                                                               .clock = &clock_,
                                                               .stats = &stats_});
      input.collector = std::make_unique<Draining>(
          std::move(*drain),
          std::make_unique<PipelineIntake>(settings_.pipeline(), block_records_max, *buffer_, stats_));
      input.drain = true;
    }
    input.schedule = std::make_unique<Schedule>(std::string(spec.name), *input.collector, Duration(30'000),
                                                *pipeline_, clock_, stats_);
    inputs_.push_back(std::move(input));
  }

  FakeClock clock_;
  Stats stats_;
  TempDir state_;
  Settings settings_;
  std::unique_ptr<Buffer> buffer_;
  std::unique_ptr<Pipeline> pipeline_;
  std::vector<Input> inputs_;
  std::unique_ptr<Output> output_;
  Pace pace_{100};
  std::vector<std::unique_ptr<Delivery>> deliveries_;
  int turns_ = 0;
};

// A tegrastats that says a line and dies, each time.
std::string crashing_program(const TempDir& folder) {
  std::string path = folder / "tegrastats";
  std::ofstream(path) << "#!/bin/sh\necho 'RAM 1000/2000MB (lfb 1x4MB) CPU [1%@100,off] PLL@30C'\nexit 1\n";
  ::chmod(path.c_str(), S_IRWXU);
  return path;
}

}  // namespace

TEST_CASE("descriptors, children, threads and memory are the same at the end of a week") {
  const int turns = fault_tries(60, windows_a_week);
  log::set_sink([](std::string_view) {});
  HttpSink intake;
  HttpSink kubelet;
  kubelet.otherwise({.status = 500});
  RedisServer redis;
  const TempDir folder;
  std::atomic<bool> engine_well{true};
  FakeEngine engine(folder / "docker.sock", [&engine_well](const std::string& target) {
    if (!engine_well) return FakeEngine::Answer{.hang_up = true};
    return FakeEngine::Answer{.body = target.find("json") != std::string::npos ? "[]" : "{}"};
  });
  Week week({"API_KEY=0123456789abcdef", "DATADOG_URL=" + intake.url(), "DATADOG_LOGS_URL=" + intake.url(),
             "REDIS_HOST=127.0.0.1", fmt::format("REDIS_PORT={}", redis.port()),
             "CHOUETTE_STORAGE_TYPE=embedded",
             R"(COLLECTOR_PLUGINS=["host","docker","k8s","dramatiq","tegrastats"])",
             "SCOPS_DOCKER_SOCKET=" + (folder / "docker.sock"), "SCOPS_K8S_HOST=127.0.0.1",
             fmt::format("SCOPS_K8S_PORT={}", kubelet.port()), "SCOPS_K8S_TLS=false",
             "SCOPS_TEGRASTATS_PATH=" + crashing_program(folder)});

  Holdings early;
  Holdings late;
  for (int i = 0; i < turns; ++i) {
    engine_well = i % 7 != 0;
    intake.otherwise({.status = i % 100 < 40 ? 503 : 202});
    const std::string id = std::to_string(i);
    const std::string score = std::to_string(week.now() / 1000 - 1);
    (void)redis.run(
        {"EVAL",
         "for i = 1, 20 do redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2]..'-'..i) redis.call('HSET', "
         "KEYS[2], ARGV[2]..'-'..i, '{\"metric\":\"app.'..ARGV[2]..'\",\"type\":\"count\",\"value\":1}') end",
         "2", "chouette:metrics:raw.keys", "chouette:metrics:raw.values", score, id});
    week.turn();
    intake.forget();
    kubelet.forget();
    engine.forget();
    if (i == turns / 3) early = holdings();
    if (i >= turns / 2) late = holdings();
  }
  CHECK(week.errors("docker") > 0);
  CHECK(week.errors("k8s") > 0);
  CHECK(late.descriptors <= early.descriptors + 2);  // a connection that is up at the one moment
  CHECK(late.threads <= early.threads + 2);          // those of the fake servers
  CHECK(late.children <= early.children + 1);        // the program may live just now
  CHECK(late.mebibytes < early.mebibytes + 4);
  record_fault(
      {.area = "Bounds",
       .promise = "descriptors, children, threads and memory do not grow",
       .fault = "a week by the clock: a tegrastats that crashes, an engine that hangs up, a kubelet that "
                "answers 500, an intake that is away two fifths of the time",
       .tried = turns,
       .outcome = fmt::format("windows; descriptors {} and {}, threads {} and {}, children {} and {}, "
                              "MiB {:.1f} and {:.1f} after a third and at the end",
                              early.descriptors, late.descriptors, early.threads, late.threads,
                              early.children, late.children, early.mebibytes, late.mebibytes)});
}

}  // namespace scops::test
