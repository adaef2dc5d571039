#include "agent/app.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include "agent/draining.hpp"
#include "agent/listen.hpp"
#include "agent/pipeline/intake.hpp"
#include "agent/signals.hpp"
#include "agent/version.hpp"
#include "collectors/registry.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"
#include "core/runtime/log.hpp"
#include "core/runtime/memory.hpp"
#include "core/runtime/stop.hpp"
#include "transport/outputs/registry.hpp"

namespace scops {

namespace {

// Captures are due at the wall clock's multiples; what they brought is put into the buffer this much later,
// so that a crash in between can cost a moment of samples, not a whole window.
constexpr Duration flush_lag{100};

// A flush waits for captures that are still running, so that all of one moment share a commit, but not for
// one that takes longer than this.
constexpr Duration capture_patience{2000};

// An output's thread that is later than it has promised by this hangs: /healthz says so.
constexpr Duration health_patience{60'000};

// The memory that a start, a handshake or a burst took is given back so often: after the first flush, soon
// after, then more and more seldom, because what is still in use has to be fetched again.
constexpr Duration first_rest{60'000};
constexpr Duration longest_rest{900'000};

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  [[maybe_unused]] const auto got =
      ::getrandom(&seed, sizeof seed, GRND_NONBLOCK);  // too early in the boot: 0 will do
  return seed;
}

// Two collectors that read the same from two places, under the same names.
void warn_of_twins(const TextList& collectors) {
  const auto enabled = [&](std::string_view name) {
    return std::find(collectors.begin(), collectors.end(), name) != collectors.end();
  };
  if (!enabled("jetson") || !enabled("tegrastats")) return;
  log::warn(
      "agent", "same_metrics",
      {{"collectors", "jetson, tegrastats"}, {"hint", "they send the same series: enable one of them"}});
}

}  // namespace

Result<std::unique_ptr<App>> App::make(const Settings& settings) {
  std::unique_ptr<App> app(new App(settings));
  for (const auto step : {&App::open_buffer_room, &App::make_outputs, &App::make_inputs, &App::make_http}) {
    const Status status = (*app.*step)();
    if (!status) return status.error();
  }
  return app;
}

App::App(const Settings& settings)
    : settings_(settings),
      timeline_(clock_, boot_tag(), plausible_since()),
      watchdog_(clock_),
      own_metrics_(settings.agent().self_metrics ? settings.agent().own_metrics : TextList{}, stats_) {
  memory::set_cap(settings.agent().memory_max.count);
}
App::~App() = default;

Status App::open_buffer_room() {
  state_folder_ = state_folder(settings_.agent().state);
  BufferContext context = settings_.buffer_context(state_folder_, settings_.outputs());
  context.clock = &clock_;
  context.stats = &stats_;
  context.timeline = &timeline_;
  clock_watch_ = std::make_unique<ClockWatch>(timeline_, state_folder_);
  if (settings_.redis().tls && !settings_.redis().tls_verify) {
    log::warn("agent", "tls_unverified",
              {{"option", "redis.tls_verify"}, {"risk", "anybody may read and change what is in Redis"}});
  }
  // Two on one machine are nearly always one too many, and would be one consumer of the Redis. Without a
  // folder of its own an agent is on its own.
  if (settings_.buffer().type == "redis" && !state_folder_.empty()) {
    folder_lock_ = FolderLock(state_folder_);
    if (Status locked = folder_lock_.take(); !locked && locked.error().kind == ErrorKind::refused)
      return locked;
  }
  auto buffer = open_buffer(settings_.buffer(), context);
  if (!buffer) return buffer.error();
  buffer_ = std::move(*buffer);
  return Ok{};
}

Status App::make_outputs() {
  const OutputContext context{.host = settings_.host(),
                              .user_agent = fmt::format("scops/{}", version),
                              .tags = settings_.pipeline().tags};
  for (const std::string& name : settings_.outputs()) {
    const OutputSpec& spec = *find_output(name);  // the option's choices are the registry's names
    auto output = spec.make(settings_.room(name), context);
    if (!output) return within(name, output.error());
    const std::uint32_t limit = (*output)->limits(Kind::metrics).records;
    if (limit > 0) block_records_ = std::min(block_records_, limit);
    outputs_.push_back(std::move(*output));
  }
  pipeline_ = std::make_unique<Pipeline>(settings_.pipeline(), block_records_, stats_, &timeline_);
  return Ok{};
}

Status App::make_inputs() {
  warn_of_twins(settings_.collectors());
  for (const std::string& name : settings_.collectors()) {
    auto input = make_input(name);
    if (!input) return within(name, input.error());
    inputs_.push_back(std::move(*input));
  }
  return Ok{};
}

Result<std::unique_ptr<Input>> App::make_input(const std::string& name) {
  const CollectorSpec& spec = *find_collector(name);
  auto input = std::make_unique<Input>();
  Duration interval = settings_.capture_interval(name);
  Duration offset{0};
  if (spec.make != nullptr) {
    auto collector = spec.make(settings_.room(name), settings_.collector_context(clock_, stats_, interval));
    if (!collector) return collector.error();
    input->collector = std::move(*collector);
  } else {
    interval = settings_.pipeline().interval;
    auto drain = spec.make_drain(settings_.room(name),
                                 {.redis = redis_target(settings_.redis()),
                                  .window = interval,
                                  .metric_ttl = settings_.buffer().metric_ttl,
                                  .log_ttl = settings_.buffer().log_ttl,
                                  .agent = fmt::format("{}/{}", settings_.redis().name, settings_.consumer()),
                                  .plausible_since = plausible_since(),
                                  .clock = &clock_,
                                  .stats = &stats_});
    if (!drain) return drain.error();
    offset = (*drain)->lag();
    auto draining = std::make_unique<Draining>(
        std::move(*drain),
        std::make_unique<PipelineIntake>(settings_.pipeline(), block_records_, *buffer_, stats_, &timeline_));
    input->draining = draining.get();
    input->collector = std::move(draining);
  }
  input->schedule = std::make_unique<Schedule>(name, *input->collector, interval, *pipeline_, clock_, stats_,
                                               offset, &timeline_);
  return input;
}

Status App::make_http() {
  const auto listen = parse_listen(settings_.http());
  if (!listen) return listen.error();
  StatusSources sources{.host = settings_.host(),
                        .state_folder = state_folder_,
                        .collectors = {},
                        .outputs = settings_.outputs(),
                        .buffer = buffer_.get(),
                        .clock = &clock_,
                        .timeline = &timeline_,
                        .stats = &stats_,
                        .started = clock_.steady(),
                        .hung_output = [this] { return hung_output(); }};
  for (const auto& input : inputs_) sources.collectors.push_back(input->schedule.get());
  pages_ = std::make_unique<StatusPages>(std::move(sources));
  if (!*listen) return Ok{};
  auto server = HttpServer::listen((*listen)->address, (*listen)->port,
                                   [this](std::string_view path) { return pages_->answer(path); });
  if (server) {
    http_ = std::move(*server);
    return Ok{};
  }
  // The default port may belong to somebody else: the pages are a help, not the job. A port that was asked
  // for is.
  if (settings_.chosen("http", "listen"))
    return Error{ErrorKind::refused, "http.listen: " + server.error().text};
  log::warn("agent", "no_pages", {{"listen", settings_.http().listen}, {"error", server.error().text}});
  return Ok{};
}

int App::run() {
  log::info("agent", "started",
            {{"version", std::string(version)},
             {"host", settings_.host()},
             {"collectors", fmt::format("{}", fmt::join(settings_.collectors(), ","))},
             {"buffer", buffer_type()},
             {"outputs", fmt::format("{}", fmt::join(settings_.outputs(), ","))},
             {"state", state_folder_.empty() ? "none" : state_folder_},
             {"pages_port", http_ ? fmt::format("{}", http_->port()) : "off"}});
  start();
  watchdog_.started(fmt::format("Collecting {}, sending to {}", fmt::join(settings_.collectors(), ", "),
                                fmt::join(settings_.outputs(), ", ")));
  wait_for_stop();
  watchdog_.stopping();
  return stop();
}

// What it is just now: without its folder the embedded one is memory.
std::string App::buffer_type() const {
  const std::string type = settings_.buffer().type;
  return type == "embedded" && !buffer_->stats().durable ? "memory" : type;
}

void App::start() {
  const auto names = settings_.outputs();
  for (std::size_t i = 0; i < names.size(); ++i) {
    dispatchers_.push_back(std::make_unique<Dispatcher>(names[i], std::move(outputs_[i]),
                                                        DeliveryContext{.buffer = *buffer_,
                                                                        .stats = stats_,
                                                                        .clock = clock_,
                                                                        .settings = settings_.dispatch(),
                                                                        .host = settings_.host(),
                                                                        .seed = random_seed(),
                                                                        .self = self_report(names[i])}));
  }
  dispatching_ = true;
  for (const auto& input : inputs_) input->start();
  flusher_.repeat([this, window = Ticker(settings_.pipeline().interval, flush_lag, clock_)]() mutable {
    return flush_window(window);
  });
}

void App::wait_for_stop() {
  const Fd signals = open_signals();
  do {
    constexpr Duration longest = std::chrono::hours(24);
    const std::int64_t wait =
        std::clamp<std::int64_t>(watchdog_.turn(dispatchers_) - clock_.steady(), 0, longest.count());
    pollfd ready{.fd = signals.get(), .events = POLLIN, .revents = 0};
    ::poll(&ready, 1, static_cast<int>(wait));
  } while (!stop_signal(signals));
}

// In the http thread, whose server is there before the dispatchers are and ends before they do.
std::string App::hung_output() const {
  if (!dispatching_) return "";
  const Dispatcher* const hung = hung_dispatcher(dispatchers_, clock_.steady(), health_patience);
  return hung == nullptr ? "" : hung->name();
}

// Flushes, if a window has ended. Returns how long the next one takes.
Duration App::flush_window(Ticker& window) {
  if (clock_.steady() >= window.due()) {
    if (captures_running()) return flush_lag;
    flush(false);
    window.advance();
  }
  return Duration(std::max<std::int64_t>(0, window.due() - clock_.steady()));
}

bool App::captures_running() const {
  return std::any_of(inputs_.begin(), inputs_.end(), [](const auto& input) {
    const auto busy = input->schedule->state().busy_ms;
    return busy > 0 && busy < capture_patience.count();
  });
}

void App::flush(bool closing) {
  if (memory::measure() == memory::Room::full) {
    log::warn("agent", "memory_full", {{"hint", "the oldest samples give way; see agent.memory_max"}});
  }
  clock_watch_->look(buffer_->stats().blocks);
  report_own_metrics();
  for (Block& block : pipeline_->flush(clock_.wall(), closing)) {
    const auto put = buffer_->put(std::move(block));
    if (!put) log::error("buffer", "put_failed", {{"error", put.error().text}});
  }
  if (const Status kept = buffer_->maintain(clock_.wall()); !kept) {
    log::warn("buffer", "maintain_failed", {{"error", kept.error().text}});
  }
  for (const auto& dispatcher : dispatchers_) dispatcher->wake();
  if (closing || clock_.steady() < rest_due_) return;
  memory::rest();
  rest_pause_ = std::clamp(2 * rest_pause_, first_rest, longest_rest);
  rest_due_ = clock_.steady() + rest_pause_.count();
}

// Not on a terminal: who looks at that wants to see the machine.
bool App::reports_itself() const {
  return settings_.agent().self_metrics && settings_.outputs() != std::vector<std::string>{"stdout"};
}

// The contract's own metrics tell about one intake: the first.
SelfMetric App::self_report(const std::string& output) {
  if (!reports_itself() || output != settings_.outputs().front()) return {};
  return [this](std::string_view name, RawType type, double value) {
    const TimeMs now = clock_.wall();
    pipeline_->add_raw({.name = name, .type = type, .value = value, .time = now, .arrival = now});
  };
}

void App::report_own_metrics() {
  const TimeMs now = clock_.wall();
  const std::int64_t interval = settings_.agent().capture_interval.count();
  if (!reports_itself() || std::exchange(own_metrics_turn_, now / interval) == now / interval) return;
  pages_->refresh_gauges();
  own_metrics_.report(now, [this](const RawSample& sample) { pipeline_->add_raw(sample); });
}

}  // namespace scops
