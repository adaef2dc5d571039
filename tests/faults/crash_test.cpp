// The heart: an intake that fails half of all requests in every way, an agent that is killed with -9 at
// random, and at the end every point that was ever durable has been accepted, none twice but those in flight
// at a kill.
//
// What was durable is read from the database after each kill, and from the requests: what was sent, was
// stored. Which life of the agent sent a request is written in it: each life has a host name of its own.
// Which answer a request got is known because the answers are drawn beforehand.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/support/agent_process.hpp"
#include "tests/support/bad_intake.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/sent_points.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

using std::chrono::milliseconds;

struct Plan {
  int kills = 0;
  milliseconds duration{0};
  unsigned seed = 0;
};

// --- what the agent did

struct Life {
  std::int64_t started = 0;  // Unix milliseconds, just before
  std::int64_t killed = 0;   // just after
  std::string log;
};

std::int64_t unix_ms() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct Request {
  int life = 0;
  SinkAnswer answer;
  const std::string* bytes = nullptr;
  std::vector<SentPoint> points;
};

struct Story {
  std::vector<SinkAnswer> script;
  std::vector<SinkRequest> raw;
  std::vector<Request> requests;
  std::vector<Life> lives;
  std::map<PointId, double> durable;  // ever, as far as the database told after each kill
  std::map<PointId, double> left;     // in the database at the end: nobody said yes yet
};

std::vector<Request> read_requests(const std::vector<SinkRequest>& raw,
                                   const std::vector<SinkAnswer>& script) {
  const auto answers = answers_to(raw.size(), script);
  std::vector<Request> requests;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    Request& request = requests.emplace_back();
    request.answer = answers[i];
    request.bytes = &raw[i].raw_body;
    request.points = points_of(raw[i]);
    REQUIRE_FALSE(request.points.empty());
    request.life = std::stoi(request.points.front().host.substr(5));
  }
  return requests;
}

std::string host_of(int life) { return fmt::format("life-{}", life); }

AgentOptions options_of(int life, const std::string& url, const std::string& state) {
  return {.environment = {{"API_KEY", "0123456789abcdef"},
                          {"DATADOG_URL", url},
                          {"HOST", host_of(life)},
                          {"SCOPS_AGENT_STATE", state},
                          {"CAPTURE_INTERVAL", "1"},
                          {"AGGREGATE_INTERVAL", "1"},
                          {"RELEASE_INTERVAL", "1"},
                          {"SCOPS_DISPATCH_BACKOFF_MIN", "100ms"},
                          {"SCOPS_DISPATCH_BACKOFF_MAX", "1s"},
                          {"SCOPS_DISPATCH_RATE_MAX", "20"}}};
}

// All that was durable, and something of the last life: it is up, then.
bool has_arrived(const HttpSink& sink, const Story& story) {
  std::set<PointId> accepted;
  bool last_life = false;
  for (const SentPoint& point : points_of(accepted_of(sink.requests(), story.script))) {
    accepted.insert(point.id);
    last_life = last_life || point.host == host_of(static_cast<int>(story.lives.size()));
  }
  return last_life && std::all_of(story.durable.begin(), story.durable.end(),
                                  [&](const auto& point) { return accepted.count(point.first) == 1; });
}

// As many as there are kills, the plan's duration together.
std::vector<milliseconds> draw_lengths(std::mt19937& random, const Plan& plan) {
  std::vector<milliseconds> lengths;
  milliseconds sum{0};
  for (int i = 0; i < plan.kills; ++i) {
    lengths.emplace_back(1 + random() % 1000);
    sum += lengths.back();
  }
  for (milliseconds& length : lengths) length = length * plan.duration.count() / sum.count();
  return lengths;
}

// Lives of random length, `kills` of them; then one more in peace, until everything has arrived.
Story tell(const Plan& plan) {
  std::mt19937 random(plan.seed);
  Story story;
  story.script = draw_script(random, 20'000);
  HttpSink sink;
  sink.script(story.script);
  const TempDir state;
  const std::vector<milliseconds> lengths = draw_lengths(random, plan);
  for (int life = 0; life < plan.kills; ++life) {
    const milliseconds length = lengths[static_cast<std::size_t>(life)];
    story.lives.push_back({.started = unix_ms(), .killed = 0, .log = {}});
    AgentProcess agent(options_of(life, sink.url(), state.path()));
    CHECK_FALSE(eventually([&] { return !agent.running(); }, length));
    // Every other time in the middle of a request, if there is one soon.
    if (life % 2 == 1) (void)sink.wait_for(sink.requests().size() + 1, std::chrono::seconds(2));
    agent.kill();
    story.lives.back().killed = unix_ms();
    story.lives.back().log = agent.err();
    for (const auto& [point, value] : stored_points(state.path())) story.durable[point] = value;
  }
  AgentProcess agent(options_of(plan.kills, sink.url(), state.path()));
  for (int turn = 0; turn < 200 && !has_arrived(sink, story); ++turn) {
    (void)sink.wait_for(sink.requests().size() + 1, std::chrono::seconds(2));
  }
  CHECK(agent.stop() == 0);
  story.lives.push_back({.started = 0, .killed = 0, .log = agent.err()});
  story.left = stored_points(state.path());
  story.raw = sink.requests();
  story.requests = read_requests(story.raw, story.script);
  return story;
}

// --- what must be true of it

std::map<PointId, std::vector<std::size_t>> acceptances(const Story& story) {
  std::map<PointId, std::vector<std::size_t>> accepted;  // indexes of requests
  for (std::size_t i = 0; i < story.requests.size(); ++i) {
    if (!says_yes(story.requests[i].answer)) continue;
    for (const SentPoint& point : story.requests[i].points) accepted[point.id].push_back(i);
  }
  return accepted;
}

void check_that_all_arrived(const Story& story) {
  const auto accepted = acceptances(story);
  std::set<PointId> known;
  for (const auto& [point, value] : story.durable) known.insert(point);
  for (const Request& request : story.requests) {
    for (const SentPoint& point : request.points) known.insert(point.id);
  }
  std::size_t lost = 0;
  std::string example;
  for (const PointId& point : known) {
    if (accepted.count(point) == 1 || story.left.count(point) == 1) continue;
    ++lost;
    example = to_string(point);
  }
  INFO("of " << known.size() << " points, for example " << example);
  CHECK(lost == 0);
  for (const auto& [point, value] : story.durable) CHECK(accepted.count(point) == 1);
  for (const Life& life : story.lives) CHECK(count_of(life.log, "event=dropped") == 0);
}

void check_values(const Story& story) {
  std::map<PointId, double> values = story.durable;
  std::size_t changed = 0;
  for (const Request& request : story.requests) {
    for (const SentPoint& point : request.points) {
      if (values.try_emplace(point.id, point.value).first->second != point.value) ++changed;
    }
  }
  CHECK(changed == 0);
}

// A point that was accepted may be accepted again only after a kill, and only if it was in the batch that was
// in flight then. A batch is one request, unless the intake has made the agent cut it (400, 413); in any case
// these requests are the last ones of that life: what was accepted before them is not sent again.
void check_repetitions(const Story& story) {
  std::set<std::size_t> repeated;  // accepted requests of which a point was accepted again
  for (const auto& [point, requests] : acceptances(story)) {
    for (std::size_t i = 0; i + 1 < requests.size(); ++i) {
      INFO(to_string(point) << " in requests " << requests[i] << " and " << requests[i + 1]);
      CHECK(story.requests[requests[i]].life < story.requests[requests[i + 1]].life);
      repeated.insert(requests[i]);
    }
  }
  for (int life = 0; std::cmp_less(life, story.lives.size()); ++life) {
    int whole = 0;
    bool was_cut = false;
    bool ended = false;
    for (std::size_t i = 0; i < story.requests.size(); ++i) {
      const Request& request = story.requests[i];
      if (request.life != life) continue;
      was_cut = was_cut || request.answer.status == 400 || request.answer.status == 413;
      if (!says_yes(request.answer)) continue;
      const bool again = repeated.count(i) == 1;
      INFO("life " << life << ", request " << i);
      CHECK((again || !ended || was_cut));
      ended = again;
      whole += again ? 1 : 0;
    }
    INFO("life " << life << ": accepted requests whose points were accepted again");
    CHECK((whole <= 1 || was_cut));
  }
  WARN(fmt::format("{} requests accepted in flight at one of {} kills were sent again", repeated.size(),
                   story.lives.size() - 1));
}

// The points of `request` come again in these very bytes, if they do in its life.
const Request* next_with(const Story& story, std::size_t request) {
  const PointId& point = story.requests[request].points.front().id;
  for (std::size_t i = request + 1; i < story.requests.size(); ++i) {
    const Request& later = story.requests[i];
    if (later.life != story.requests[request].life) return nullptr;
    const auto same = [&point](const SentPoint& one) { return one.id == point; };
    if (std::any_of(later.points.begin(), later.points.end(), same)) return &later;
  }
  return nullptr;
}

// Until the answer is yes, 400 or 413, the same bytes come again, as long as the agent lives. What is fresh
// may come in between.
void check_retries(const Story& story) {
  int retries = 0;
  for (std::size_t i = 0; i + 1 < story.requests.size(); ++i) {
    const Request& request = story.requests[i];
    const bool cut = request.answer.status == 400 || request.answer.status == 413;
    const Request* const next = cut || says_yes(request.answer) ? nullptr : next_with(story, i);
    if (next == nullptr) continue;
    INFO("request " << i << " was answered " << request.answer.status << " with fault "
                    << static_cast<int>(request.answer.fault));
    CHECK(*request.bytes == *next->bytes);
    ++retries;
  }
  CHECK(retries > 0);
}

// Captures are due at whole seconds; what was not yet in the buffer at a kill is lost, a moment's worth. In
// the middle of a life nothing may be missing, but what a slow machine makes the collector skip.
void check_gaps(const Story& story) {
  constexpr std::int64_t edge = 3;
  std::set<std::int64_t> seconds;
  for (const auto& [point, value] : story.durable) seconds.insert(point.time_ms / 1000);
  for (const auto& [point, requests] : acceptances(story)) seconds.insert(point.time_ms / 1000);
  std::string text;
  int missing_inside = 0;
  int due_inside = 0;
  for (const Life& life : story.lives) {
    if (life.killed == 0) continue;
    int missing = 0;
    int due = 0;
    for (std::int64_t s = life.started / 1000 + 1; s * 1000 < life.killed; ++s) {
      const bool inside = s > life.started / 1000 + edge && s < life.killed / 1000 - edge;
      const int lacks = seconds.count(s) == 0 ? 1 : 0;
      ++due;
      missing += lacks;
      due_inside += inside ? 1 : 0;
      missing_inside += inside ? lacks : 0;
    }
    text += fmt::format(" {}/{}", missing, due);
  }
  WARN("missing of the seconds of each life:" << text);
  REQUIRE(due_inside > 0);
  CHECK(missing_inside <= 1 + due_inside / 10);
}

// Returns how many points were durable.
std::size_t check_story(const Plan& plan) {
  INFO("seed " << plan.seed);
  const Story story = tell(plan);
  const auto accepted = std::count_if(story.requests.begin(), story.requests.end(),
                                      [](const Request& request) { return says_yes(request.answer); });
  WARN(fmt::format("seed {}: {} requests, {} accepted, {} durable points", plan.seed, story.requests.size(),
                   accepted, story.durable.size()));
  CHECK(story.durable.size() > static_cast<std::size_t>(plan.kills));
  check_that_all_arrived(story);
  check_values(story);
  check_repetitions(story);
  check_retries(story);
  check_gaps(story);
  return story.durable.size();
}

unsigned any_seed() { return std::random_device()(); }

}  // namespace

TEST_CASE("kills and a bad intake lose no durable point and repeat only what was in flight", "[kill]") {
  // So few that the longest life has a middle.
  const int kills = fault_tries(3, 20);
  const std::size_t durable = check_story(
      {.kills = kills, .duration = std::chrono::seconds(fault_tries(28, 600)), .seed = any_seed()});
  record_fault({.area = "Start and stop",
                .promise = "nothing durable is lost, and no double beyond the one batch in flight",
                .fault = "kill -9 at a random moment, an intake that fails half of all requests in every way",
                .tried = kills,
                .outcome = fmt::format("{} durable points, all accepted; no hole in the seconds", durable)});
}

}  // namespace scops::test
