// Containers of a Docker or Podman engine, over its API.
//
//   version (once) -> list -> stats and inspections, in parallel -> Emit
//
// Only what the wanted groups need is asked: the list always, stats of containers that run, inspections and
// images on demand. Answers are parsed as they come, so that only those under way are in memory. One capture
// has one deadline. Containers come and go meanwhile: a 404 is no trouble.

#include "collectors/pull/docker/docker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "collectors/pull/docker/container.hpp"
#include "collectors/pull/docker/engine.hpp"
#include "collectors/pull/docker/formats.hpp"
#include "collectors/pull/docker/stats.hpp"
#include "core/config/spec.hpp"
#include "core/model/size.hpp"
#include "core/runtime/log.hpp"
#include "core/runtime/memory.hpp"

namespace scops::docker {
namespace {

constexpr std::size_t answer_max = 262'144;  // about one container; four times what was ever seen
constexpr std::int64_t nanoseconds_of_ms = 1'000'000;

using SteadyClock = std::chrono::steady_clock;

// What failed for single containers, as one trouble: their names come and go, logs should not.
class Failures {
 public:
  void add(const std::string& container, std::string what) {
    if (count_++ == 0) first_ = container + ": " + std::move(what);
  }
  void tell(Emit& emit) const {
    if (count_ == 0) return;
    const std::string others = count_ == 1 ? "" : fmt::format(" (and {} like it)", count_ - 1);
    emit.trouble("containers", {ErrorKind::retry, first_ + others});
  }

 private:
  std::size_t count_ = 0;
  std::string first_;
};

class DockerCollector final : public PullCollector {
 public:
  DockerCollector(const DockerSettings& settings, EnginePlace place, std::string user_agent,
                  const Clock& clock)
      : settings_(settings),
        clock_(clock),
        groups_(groups_of(settings)),
        engine_(settings, std::move(place), std::move(user_agent)) {}

  Status collect(Emit& emit) override {
    deadline_ = SteadyClock::now() + settings_.timeout;
    ContainerList list;
    if (Status listed = read_list(list); !listed) return listed;
    if (groups_.states) emit_states(list, emit);
    if (list.left_out > 0) {
      emit.trouble("list",
                   {ErrorKind::retry,
                    fmt::format("{} containers are beyond SCOPS_DOCKER_CONTAINERS_MAX", list.left_out)});
    }
    if (groups_.image_size) ask_images(emit);  // first: containers that hang would leave no time for it
    ask_containers(list.containers, emit);
    return Ok{};
  }

 private:
  enum class About : std::uint8_t { stats, inspection };
  struct Question {
    const Container* container;
    About about;
  };

  [[nodiscard]] std::chrono::milliseconds left() const {
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - SteadyClock::now());
    return std::max(time, std::chrono::milliseconds(1));
  }

  Status read_list(ContainerList& list) {
    if (Status agreed = engine_.negotiate(left()); !agreed) return agreed;
    Result<std::string> body = get_list();
    if (!body && engine_.last_status() == 400) {  // another engine than before: it may be a newer one
      engine_.forget_version();
      if (Status agreed = engine_.negotiate(left()); !agreed) return agreed;
      body = get_list();
    }
    if (!body) {
      if (engine_.last_status() == 0) engine_.forget_version();  // who comes back may be another one
      return body.error();
    }
    const ListChoice choice{
        .tags = tags_of(settings_),
        .names = {.include = settings_.containers_include, .exclude = settings_.containers_exclude},
        .containers_max = static_cast<std::size_t>(settings_.containers_max)};
    JsonReader json;
    json.start(*body);
    if (parse_list(json, json.next(), choice, list) && json.next() == JsonToken::end) return Ok{};
    return Error{ErrorKind::drop, "the engine's list of containers is not understood: is it one?"};
  }

  // Or its share of the memory cap: while it grows an answer takes one and a half times its size.
  [[nodiscard]] std::size_t body_max() const {
    return std::min(size_from(settings_.body_max.count), memory::share(12, 1U << 20U, SIZE_MAX));
  }

  Result<std::string> get_list() {
    HttpRequest request =
        engine_.request(groups_.any_stopped() ? "/containers/json?all=1" : "/containers/json", body_max());
    request.timeout = left();
    return engine_.get(request);
  }

  void ask_containers(const std::vector<Container>& containers, Emit& emit) {
    std::vector<Question> questions;
    std::vector<HttpRequest> requests;
    const std::string_view stats_query =
        engine_.has_one_shot() ? "stats?stream=false&one-shot=true" : "stats?stream=false";
    const auto ask = [&](const Container& container, About about, std::string_view what) {
      questions.push_back({&container, about});
      requests.push_back(engine_.request(fmt::format("/containers/{}/{}", container.id, what),
                                         std::min(answer_max, body_max())));
    };
    for (const Container& container : containers) {
      if (groups_.any_stats() && container.may_run()) ask(container, About::stats, stats_query);
      if (groups_.any_inspect()) ask(container, About::inspection, "json");
    }
    Failures failures;
    with_memory_ = without_memory_ = 0;
    fresh_.clear();
    engine_.get_all(requests, left(), [&](std::size_t index, const Result<HttpResponse>& response) {
      take_answer(questions[index], response, failures, emit);
    });
    readings_.swap(fresh_);  // those of containers that are gone go with the old ones
    failures.tell(emit);
    tell_of_memory();
  }

  void take_answer(const Question& question, const Result<HttpResponse>& response, Failures& failures,
                   Emit& emit) {
    const Container& container = *question.container;
    if (question.about == About::stats) keep_reading(container);
    if (!response) return failures.add(container.name, response.error().text);
    if (response->status == 404 || response->status == 409) return;  // gone, or stopped: it happens
    if (response->status != 200) return failures.add(container.name, refusal(*response));
    // Podman's answer for one that does not run, or whose network it cannot look into.
    if (response->whole && response->body.empty()) return;
    if (!response->whole)
      return failures.add(container.name, "the answer is too long, or did not end in time");
    json_.start(response->body);
    view_tags(container.tags, tags_);
    const bool understood =
        question.about == About::stats ? take_stats(container, emit) : take_inspection(emit);
    if (!understood) failures.add(container.name, "the answer is not understood");
  }

  // Until there is a newer reading.
  void keep_reading(const Container& container) {
    const auto found = readings_.find(container.id);
    if (found != readings_.end()) fresh_[container.id] = found->second;
  }

  bool take_stats(const Container& container, Emit& emit) {
    ContainerStats stats;
    if (!parse_stats(json_, json_.next(), stats) || !stats.recognised) return false;
    if (stats.stopped) return true;
    if (engine_.version().swaps_network) std::swap(stats.received, stats.sent);
    stats.cpu.came = clock_.steady() * nanoseconds_of_ms;
    const auto before = readings_.find(container.id);
    emit_stats(stats, before == readings_.end() ? nullptr : &before->second, groups_, tags_, emit);
    if (groups_.cpu_percent) fresh_[container.id] = stats.cpu;
    ++(stats.memory_told ? with_memory_ : without_memory_);
    return true;
  }

  bool take_inspection(Emit& emit) {
    Inspection inspection;
    if (!parse_inspection(json_, json_.next(), inspection)) return false;
    emit_inspection(inspection, groups_, tags_, emit);
    return true;
  }

  void ask_images(Emit& emit) {
    HttpRequest request = engine_.request("/images/json", body_max());
    request.timeout = left() / 3;  // the containers want some too
    const Result<std::string> body = engine_.get(request);
    if (!body) return emit.trouble("images", body.error());
    json_.start(*body);
    if (!emit_images(json_, json_.next(), static_cast<std::size_t>(settings_.containers_max), emit)) {
      emit.trouble("images", {ErrorKind::drop, "the engine's list of images is not understood"});
    }
  }

  // Raspberry Pi OS and others boot without the memory controller: nothing to send, and said once.
  void tell_of_memory() {
    if (told_of_memory_ || with_memory_ > 0 || without_memory_ == 0) return;
    if (!groups_.memory && !groups_.memory_working_set && !groups_.memory_limit) return;
    told_of_memory_ = true;
    log::warn(
        "collect", "no_memory_stats",
        {{"collector", "docker"},
         {"error", "the engine has no memory figures: boot with cgroup_enable=memory cgroup_memory=1"}});
  }

  const DockerSettings& settings_;
  const Clock& clock_;
  const Groups groups_;
  Engine engine_;
  SteadyClock::time_point deadline_;
  JsonReader json_;
  std::vector<Tag> tags_;
  std::map<std::string, CpuTimes, std::less<>> readings_, fresh_;  // by id: the last, and this capture's
  std::size_t with_memory_ = 0, without_memory_ = 0;
  bool told_of_memory_ = false;
};

Result<std::unique_ptr<PullCollector>> make(const void* settings, const CollectorContext& context) {
  return make_docker(*static_cast<const DockerSettings*>(settings), context.user_agent, *context.clock);
}

}  // namespace

Result<std::unique_ptr<PullCollector>> make_docker(const DockerSettings& settings, std::string user_agent,
                                                   const Clock& clock) {
  Result<EnginePlace> place = engine_place(settings);
  if (!place) return place.error();
  if (!settings.tls_verify && place->base.starts_with("https://")) {
    log::warn("collect", "tls_unverified",
              {{"option", "docker.tls_verify"}, {"risk", "anybody may answer in the engine's place"}});
  }
  std::unique_ptr<PullCollector> collector =
      std::make_unique<DockerCollector>(settings, std::move(*place), std::move(user_agent), clock);
  return collector;
}

}  // namespace scops::docker

namespace scops {

extern const CollectorSpec docker_collector;
constinit const CollectorSpec docker_collector{
    .name = "docker",
    .help = "Containers of a Docker or Podman engine.",
    .section = docker::docker_section,
    .make = docker::make,
    .formats = docker::docker_formats,
};

}  // namespace scops
